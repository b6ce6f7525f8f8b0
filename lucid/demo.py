"""A convolutional network learns to read handwritten digits: the first code to open.

Run it with ``make demo`` or ``python -m lucid.demo``. It trains two small networks on the 1,437
training images of `lucid.datasets.load_digits`, each of 8 x 8 pixels:

* a classifier of convolutions, which tells what digit an image shows;
* an autoencoder, whose convolutions squeeze an image into 32 numbers and whose *transposed*
  convolutions draw it again from them.

Then it prints how often the classifier is right on the 360 test images, which it has not seen, and
saves a picture of what both have learnt.
"""

import argparse
import time

import numpy as np

import lucid
import lucid.nn as nn
from lucid.datasets import load_digits
from lucid.optim import AdamW
from lucid.utils.data import DataLoader

try:  # both are extras: without them the demo shows plain lines, or no picture
    from tqdm import tqdm
except ImportError:
    tqdm = None
try:
    from matplotlib.figure import Figure
except ImportError:
    Figure = None

__all__ = ["main"]


def make_classifier():
    """Build the network that turns images (N, 1, 8, 8) into scores (N, 10), one for each digit.

    The layers are lazy: each learns its number of input channels from the first batch it sees.
    """
    return nn.Sequential(
        nn.LazyConv2d(32, kernel_size=3, padding="same"), nn.BatchNorm2d(32), nn.ReLU(),
        nn.LazyConv2d(32, kernel_size=3, padding="same"), nn.BatchNorm2d(32), nn.ReLU(),
        nn.MaxPool2d(2),  # 8 x 8 -> 4 x 4
        nn.LazyConv2d(64, kernel_size=3, padding="same"), nn.BatchNorm2d(64), nn.ReLU(),
        nn.MaxPool2d(2),  # 4 x 4 -> 2 x 2
        nn.Flatten(), nn.Dropout(0.25), nn.LazyLinear(10),
    )


def make_autoencoder():
    """Build the network that squeezes an image (1, 8, 8) into (8, 2, 2) and draws it again.

    A convolution with kernel 4, stride 2 and padding 1 halves each axis, and the transposed
    convolution with the same numbers doubles it.
    """
    return nn.Sequential(
        nn.Conv2d(1, 32, kernel_size=4, stride=2, padding=1), nn.ReLU(),  # 8 x 8 -> 4 x 4
        nn.Conv2d(32, 8, kernel_size=4, stride=2, padding=1),  # 4 x 4 -> 2 x 2: the code
        nn.ConvTranspose2d(8, 32, kernel_size=4, stride=2, padding=1), nn.ReLU(),  # -> 4 x 4
        nn.ConvTranspose2d(32, 1, kernel_size=4, stride=2, padding=1), nn.Sigmoid(),  # -> 8 x 8
    )


def wobble(images, rng, strength=0.4):
    """Shift, stretch and slant every image (N, 1, 8, 8) a little, as another hand might."""
    array = images.numpy()[:, 0]
    for _ in range(2):  # along the rows, then along the columns
        array = _wobble_rows(array, rng, strength).transpose(0, 2, 1)
    return lucid.tensor(array[:, None], dtype=lucid.float32)


def _wobble_rows(array, rng, strength):
    """Read each row of (N, H, W) at other places, mixing the two pixels beside each place."""
    n, height, width = array.shape
    row = np.arange(height)[:, None] - (height - 1) / 2
    column = np.arange(width) - (width - 1) / 2
    shift, stretch, slant = strength * rng.standard_normal((3, n, 1, 1))
    place = np.arange(width) + shift + 0.25 * (stretch * column + slant * row)
    left = np.floor(place).astype(int)
    part = place - left
    padded = np.pad(array, ((0, 0), (0, 0), (1, 1)))  # paper beyond the edges
    first = np.take_along_axis(padded, np.clip(left + 1, 0, width + 1), axis=2)
    second = np.take_along_axis(padded, np.clip(left + 2, 0, width + 1), axis=2)
    return first * (1 - part) + second * part


def train(model, batches, loss_of, epochs, name):
    """Fit a model: ``loss_of(model, images, labels)`` is what should become small."""
    images, _ = next(iter(batches))
    model(images)  # the lazy layers learn their sizes, so that there are weights to optimise
    model.train()
    optimizer = AdamW(model.parameters(), lr=3e-3)
    steps = epochs * len(batches)
    bar = tqdm(total=steps, desc=name, unit="step") if tqdm else None
    step = 0
    for epoch in range(epochs):
        for images, labels in batches:
            for group in optimizer.param_groups:
                group["lr"] = 3e-3 * (1 - step / steps)  # large steps first, small ones last
            loss = loss_of(model, images, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            if bar:
                bar.update()
                bar.set_postfix(loss=f"{loss.item():.4f}", refresh=False)
        if not bar:
            print(f"{name}: epoch {epoch + 1} of {epochs}, loss {loss.item():.4f}")
    if bar:
        bar.close()
    model.eval()


def accuracy(model, dataset):
    """Tell for which part of a data set the highest score is that of the right digit."""
    images, labels = dataset[:]
    with lucid.no_grad():
        return (model(images).argmax(1) == labels).float().mean().item()


def draw(classifier, autoencoder, images, path):
    """Save a picture: filters, what they answer to a digit, and digits drawn again."""
    with lucid.no_grad():
        features = classifier[:3](images[:1])  # convolution, batch norm, ReLU
        again = autoencoder(images[:16])
    rows = {
        "filters of the\nfirst layer": classifier[0].weight.detach()[:16, 0],
        "their answers\nto one digit": features[0, :16],
        "digits": images[:16, 0],
        "drawn again from\n32 numbers": again[:, 0],
    }
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    axes = figure.subplots(len(rows), 16)
    for line, (title, pictures) in zip(axes, rows.items(), strict=True):
        for axis, picture in zip(line, pictures, strict=True):
            axis.imshow(picture.numpy(), cmap="gray_r")
            axis.set(xticks=[], yticks=[])
        line[0].set_ylabel(title, rotation=0, ha="right", va="center")
    figure.savefig(path, dpi=120)


def main(arguments=None):
    """Train both networks, print the accuracy, save the picture.

    Parameters
    ----------
    arguments : list of str, optional
        Command-line arguments; default those of the process. ``--help`` lists them.

    Returns
    -------
    float
        Accuracy of the classifier on the 360 test images, 0 to 1.

    Examples
    --------
    >>> import lucid
    >>> from lucid.demo import make_autoencoder, make_classifier
    >>> images = lucid.zeros(2, 1, 8, 8)
    >>> make_classifier()(images).shape, make_autoencoder()(images).shape
    ((2, 10), (2, 1, 8, 8))
    """
    parser = argparse.ArgumentParser(prog="python -m lucid.demo", description=__doc__)
    parser.add_argument("--epochs", type=int, default=20, help="walks through the data [20]")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers [0]")
    parser.add_argument("--picture", default="demo.png", help="where to save it [demo.png]")
    options = parser.parse_args(arguments)

    lucid.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    start = time.perf_counter()
    training, test = load_digits(train=True), load_digits(train=False)
    batches = DataLoader(training, batch_size=64, shuffle=True)
    cross_entropy, squared_error = nn.CrossEntropyLoss(), nn.MSELoss()

    def wrong_digit(model, images, labels):
        return cross_entropy(model(wobble(images, rng)), labels)

    def wrong_pixels(model, images, labels):
        return squared_error(model(images), images)

    classifier, autoencoder = make_classifier(), make_autoencoder()
    train(classifier, batches, wrong_digit, options.epochs, "classifier")
    train(autoencoder, batches, wrong_pixels, options.epochs, "autoencoder")

    right = accuracy(classifier, test)
    images, _ = test[:]
    with lucid.no_grad():
        error = squared_error(autoencoder(images), images).item()
    print(f"test accuracy of the classifier: {100 * right:.1f} % of {len(test)} images")
    print(f"mean squared error of the autoencoder's drawings: {error:.4f}")
    print(f"time: {time.perf_counter() - start:.0f} s")
    if Figure and options.picture:
        draw(classifier, autoencoder, images, options.picture)
        print(f"picture: {options.picture}")
    elif options.picture:
        print("no picture: it needs matplotlib, the extra lucid-conv[plots]")
    return right


if __name__ == "__main__":
    main()
