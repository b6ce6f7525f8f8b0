"""Networks that learn from each other: DCGAN, and the critic of WGAN-GP."""

import lucid
import lucid.nn as nn

__all__ = ["Critic", "Discriminator", "Generator", "gradient_penalty"]


def initialise(model):
    """Draw the weights from N(0, 0.02), as section 3 of the DCGAN paper says."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1, 0.02)


def halvings(size):
    """Count how often an image is halved until it has 4 x 4 pixels."""
    count = size.bit_length() - 3
    if count < 1 or size != 4 << count:
        raise ValueError(f"size={size} is not 8, 16, 32, 64 and so on: 4 doubled some times")
    return count


class Generator(nn.Module):
    r"""Draw images from noise with transposed convolutions: the generator of DCGAN.

    Parameters
    ----------
    latent : int, default 100
        Numbers of noise for an image.
    width : int, default 64
        Channels of the last but one layer; each layer before has twice as many.
    channels : int, default 3
        Channels of an image.
    size : int, default 64
        Pixels along each side: 8, 16, 32, 64 and so on.

    Notes
    -----
    **Shape.** Input (N, latent, 1, 1), output (N, channels, size, size) between -1 and 1. 3,576,704
    parameters with the defaults, as in PyTorch's DCGAN tutorial; [1]_ has ``width=128``. The names
    in the state dict are those of that tutorial.

    References
    ----------
    .. [1] Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional
       generative adversarial networks", 2016, section 3.

    Examples
    --------
    >>> import lucid
    >>> from lucid.models import Generator
    >>> Generator(latent=8, width=4, size=16)(lucid.randn(2, 8, 1, 1)).shape
    (2, 3, 16, 16)
    """

    def __init__(self, latent=100, width=64, channels=3, size=64):
        super().__init__()
        out = width << (halvings(size) - 1)
        layers = [nn.ConvTranspose2d(latent, out, 4, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
        while out > width:
            layers += [
                nn.ConvTranspose2d(out, out // 2, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(out // 2), nn.ReLU(),
            ]
            out //= 2
        last = nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1, bias=False)
        self.main = nn.Sequential(*layers, last, nn.Tanh())
        initialise(self)

    def forward(self, x):
        """Draw images from noise (N, latent, 1, 1)."""
        return self.main(x)


class Discriminator(nn.Module):
    r"""Tell real images from drawn ones: the discriminator of DCGAN.

    Parameters
    ----------
    width : int, default 64
        Channels of the first layer; each layer behind has twice as many.
    channels : int, default 3
        Channels of an image.
    size : int, default 64
        Pixels along each side: 8, 16, 32, 64 and so on.

    Notes
    -----
    **Shape.** Input (N, channels, size, size), output (N,): scores, above 0 for real; their sigmoid
    is the probability. 2,765,568 parameters with the defaults, and the names of PyTorch's tutorial,
    whose network ends with the sigmoid.

    References
    ----------
    .. [1] Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional
       generative adversarial networks", 2016, section 3.

    Examples
    --------
    >>> import lucid
    >>> from lucid.models import Discriminator
    >>> Discriminator(width=4, size=16)(lucid.zeros(2, 3, 16, 16)).shape
    (2,)
    """

    def __init__(self, width=64, channels=3, size=64):
        super().__init__()
        layers = [nn.Conv2d(channels, width, 4, stride=2, padding=1, bias=False), nn.LeakyReLU(0.2)]
        for _ in range(halvings(size) - 1):
            layers += [
                nn.Conv2d(width, 2 * width, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2),
            ]
            width *= 2
        self.main = nn.Sequential(*layers, nn.Conv2d(width, 1, 4, bias=False))
        initialise(self)

    def forward(self, x):
        """Score images (N, channels, size, size)."""
        return self.main(x).flatten()


class Critic(nn.Module):
    r"""Score images so that the scores' slope is at most 1: the critic of WGAN-GP.

    Parameters
    ----------
    width : int, default 64
        Channels of the first layer; each layer behind has twice as many.
    channels : int, default 3
        Channels of an image.
    size : int, default 64
        Pixels along each side: 8, 16, 32, 64 and so on.

    Notes
    -----
    **Shape.** Input (N, channels, size, size), output (N,). No batch norm: it would make the scores
    of a batch depend on each other, and the penalty is on the gradient of each one alone. In its
    place stands a layer norm over channels and pixels, as section 4 of [1]_ recommends.

    See Also
    --------
    gradient_penalty : What keeps the slope near 1.

    References
    ----------
    .. [1] Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville, "Improved training of Wasserstein
       GANs", 2017.

    Examples
    --------
    >>> import lucid
    >>> from lucid.models import Critic
    >>> Critic(width=4, size=16)(lucid.zeros(2, 3, 16, 16)).shape
    (2,)
    """

    def __init__(self, width=64, channels=3, size=64):
        super().__init__()
        layers = [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for _ in range(halvings(size) - 1):
            size, width = size // 2, 2 * width
            layers += [
                nn.Conv2d(width // 2, width, 4, stride=2, padding=1),
                nn.LayerNorm((width, size // 2, size // 2)), nn.LeakyReLU(0.2),
            ]
        self.main = nn.Sequential(*layers, nn.Conv2d(width, 1, 4))

    def forward(self, x):
        """Score images (N, channels, size, size)."""
        return self.main(x).flatten()


def gradient_penalty(critic, real, drawn, mix):
    r"""Penalise a slope of the critic that is not 1, between real and drawn images.

    Parameters
    ----------
    critic : callable
        Scores images: (N, \*) to (N,).
    real, drawn : Tensor
        Images (N, C, H, W).
    mix : Tensor
        (N, 1, 1, 1) between 0 and 1: how much of each real image is in the mixture.

    Returns
    -------
    Tensor
        :math:`\mathrm{mean}\, (\lVert \nabla_x D(x) \rVert - 1)^2` at the mixtures x, with its
        graph: its backward differentiates the gradient again.

    References
    ----------
    .. [1] Gulrajani and others, "Improved training of Wasserstein GANs", 2017, equation 3, whose
       factor :math:`\lambda = 10` is the caller's.

    Examples
    --------
    >>> import lucid
    >>> from lucid.models import Critic, gradient_penalty
    >>> critic = Critic(width=2, channels=1, size=8)
    >>> real, drawn = lucid.rand(4, 1, 8, 8), lucid.rand(4, 1, 8, 8)
    >>> gradient_penalty(critic, real, drawn, lucid.rand(4, 1, 1, 1)).backward()
    >>> critic.main[0].weight.grad.shape
    (2, 1, 4, 4)
    """
    x = (mix * real + (1 - mix) * drawn).detach().requires_grad_()
    (slope,) = lucid.autograd.grad(critic(x).sum(), x, create_graph=True)
    length = ((slope * slope).flatten(1).sum(1) + 1e-12).sqrt()
    return ((length - 1) ** 2).mean()
