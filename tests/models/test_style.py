"""Style transfer: an image learns, through part of a network, by L-BFGS; parity with PyTorch."""

import numpy as np
from twin import copy_weights, hold, twin

import lucid
from lucid.datasets import checkers2d, glyphs2d
from lucid.models import vgg

PLACES = (2, 5)  # the rectifiers behind the first two convolutions of VGG-11


def features(model, x):
    """Compute the outputs at the places, no further than needed."""
    found = []
    for place, layer in enumerate(model.features[: PLACES[-1] + 1]):
        x = layer(x)
        if place in PLACES:
            found.append(x)
    return found


def gram(library, x):
    """Multiply every channel with every other one, over all positions."""
    return library.einsum("nchw,ndhw->ncd", x, x) / (x.shape[1] * x.shape[2] * x.shape[3])


def transfer(library, model, content, style, steps=20):
    """Move an image from the content towards the style; return the losses and the image."""
    content, style = library.tensor(content), library.tensor(style)
    with library.no_grad():
        wanted = features(model, content)[-1]
        grams = [gram(library, each) for each in features(model, style)]
    image = content.clone().requires_grad_()
    optimizer = library.optim.LBFGS([image], max_iter=1, max_eval=5, line_search_fn="strong_wolfe")
    losses = []

    def closure():
        optimizer.zero_grad()
        found = features(model, image)
        loss = ((found[-1] - wanted) ** 2).mean()
        for each, target in zip(found, grams, strict=True):
            loss = loss + 10_000 * ((gram(library, each) - target) ** 2).sum()
        down, across = (image[..., 1:, :] - image[..., :-1, :]), image[..., 1:] - image[..., :-1]
        loss = loss + 0.01 * ((down**2).mean() + (across**2).mean())  # total variation: no speckle
        loss.backward()
        return loss

    for _ in range(steps):
        losses.append(optimizer.step(closure).item())
    return np.array(losses), image.detach()


def test_twenty_steps_equal_torch_and_take_the_style(torch):
    lucid.manual_seed(0)
    pictures = [make(1, 24, noise=0, generator=lucid.Generator(1)).tensors[0].numpy()
                for make in (glyphs2d, checkers2d)]
    pictures = [each.repeat(3, 1).astype(float) for each in pictures]
    ours = vgg.VGG(11, 10, small=True).double().eval()
    losses, image = transfer(lucid, ours, *pictures)
    wanted = None
    if torch is not None:
        theirs = twin(vgg)["VGG"](11, 10, small=True).double().eval()
        copy_weights(torch, ours, theirs)
        wanted, _ = transfer(torch, theirs, *pictures)
    hold("style transfer", losses, wanted)
    assert losses[-1] < 0.1 * losses[0], losses
    with lucid.no_grad():  # its texture is now nearer to the style than that of the content was
        textures = [gram(lucid, features(ours, x)[0]) for x in (
            image, *map(lucid.tensor, pictures))]
    near, far = ((textures[n] - textures[2]).norm().item() for n in (0, 1))
    assert near < 0.4 * far
    assert all(parameter.grad is not None for parameter in ours.features[0].parameters())
