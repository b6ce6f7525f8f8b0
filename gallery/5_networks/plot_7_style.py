"""
Can an image learn the texture of another?
==========================================

Nothing says that it is weights which must learn. Here the network stays as it is, even untrained,
and the pixels of an image move until what the network sees in it looks like two others: the places
of things as in the one, the texture as in the other.
"""

import matplotlib.pyplot as plt

import lucid
import lucid.nn as nn
from lucid.datasets import checkers2d, glyphs2d

generator = lucid.Generator(4)
content, _ = glyphs2d(4, 40, noise=0, generator=generator)[3]
style, _ = checkers2d(1, 40, noise=0, generator=generator)[0]

# %%
# A few convolutions with random weights already tell edges of many directions. What a layer sees
# is kept; the texture is how often its channels are strong together, wherever that is: the product
# of every channel with every other one, summed over all positions, which is called Gram's matrix.

lucid.manual_seed(0)
eyes = nn.Sequential(
    nn.Conv2d(1, 24, 5, padding=2, padding_mode="circular"), nn.ReLU(), nn.AvgPool2d(2),
    nn.Conv2d(24, 48, 5, padding=2, padding_mode="circular"), nn.ReLU(),
)
eyes.requires_grad_(False)


def seen(image):
    """Give what the layers see: edges, and at half the size what edges make up."""
    edges = eyes[:2](image)
    return edges, eyes[2:](edges)


def gram(x):
    """Multiply channels c and d, position by position, and average."""
    return lucid.einsum("chw,dhw->cd", x, x) / (x.shape[1] * x.shape[2])


places = seen(content)[1]
textures = [gram(each) for each in seen(style)]

# %%
# The loss asks for the places of the content and the textures of the style, and a little for
# neighbours to be alike. L-BFGS knows the curvature from its last steps, so eight calls will do.

image = content.clone().requires_grad_()
optimizer = lucid.optim.LBFGS([image], max_iter=5, line_search_fn="strong_wolfe")
losses = []


def loss():
    """Compute the loss and the gradient of every pixel."""
    optimizer.zero_grad()
    found = seen(image)
    total = 3 * ((found[1] - places) ** 2).mean()
    for each, wanted in zip(found, textures, strict=True):
        total = total + 30 * ((gram(each) - wanted) ** 2).sum()
    total = total + 0.3 * ((image[:, 1:] - image[:, :-1]) ** 2).mean()
    total = total + 0.3 * ((image[:, :, 1:] - image[:, :, :-1]) ** 2).mean()
    total.backward()
    losses.append(total.item())
    return total


for _ in range(8):
    optimizer.step(loss)
print(f"loss {losses[0]:.3f} before, {losses[-1]:.3f} after {len(losses)} evaluations")

# %%
# The digit is still where it was, but around it the paper has bands of dark and light, about as
# wide as the fields of the board.

figure, axes = plt.subplots(1, 4, figsize=(9, 2.4), layout="constrained")
pictures = {"places of": content, "texture of": style, "together": image.detach()}
for axis, (name, picture) in zip(axes, pictures.items(), strict=False):
    axis.imshow(picture[0].numpy(), cmap="gray_r", vmin=0, vmax=1)
    axis.set(title=name, xticks=[], yticks=[])
axes[3].semilogy(losses)
axes[3].set_xlabel("evaluation")
axes[3].set_title("loss")
