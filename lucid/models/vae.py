"""A variational autoencoder of convolutions: a map of images, from which new ones are drawn."""

import lucid
import lucid.nn as nn
import lucid.nn.functional as F

__all__ = ["VAE", "vae_loss"]


class VAE(nn.Module):
    r"""Squeeze images into a cloud of few numbers, and draw them again from any of its points.

    Parameters
    ----------
    channels : int, default 1
        Channels of an image.
    size : int, default 32
        Pixels along each side, a multiple of 4.
    latent : int, default 16
        Numbers that stand for an image.
    width : int, default 32
        Channels of the first layer; the second has twice as many.

    Notes
    -----
    **Shape.** Input (N, channels, size, size) with values from 0 to 1. The output is a tuple:
    scores of the same shape, whose sigmoid is the image drawn, and the mean and the logarithm of
    the variance, (N, latent) each. In training the point is drawn, :math:`z = \mu + \sigma
    \epsilon` (the reparametrisation of section 2.4); in evaluation it is the mean.

    See Also
    --------
    vae_loss : The bound that is minimised.

    References
    ----------
    .. [1] Kingma and Welling, "Auto-encoding variational Bayes", 2014.

    Examples
    --------
    >>> import lucid
    >>> from lucid.models import VAE
    >>> y, mean, log_variance = VAE(size=8, latent=2)(lucid.zeros(3, 1, 8, 8))
    >>> y.shape, mean.shape
    ((3, 1, 8, 8), (3, 2))
    """

    def __init__(self, channels=1, size=32, latent=16, width=32):
        super().__init__()
        if size % 4:
            raise ValueError(f"size={size} is no multiple of 4: it is halved twice")
        inner = (2 * width, size // 4, size // 4)
        count = inner[0] * inner[1] * inner[2]
        self.encoder = nn.Sequential(
            nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1), nn.ReLU(), nn.Flatten(),
        )
        self.mean, self.log_variance = nn.Linear(count, latent), nn.Linear(count, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent, count), nn.ReLU(), nn.Unflatten(1, inner),
            nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1), nn.ReLU(),
            nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1),
        )

    def forward(self, x, noise=None):
        """Draw images (N, channels, size, size) again; `noise` (N, latent) may be given."""
        y = self.encoder(x)
        mean, log_variance = self.mean(y), self.log_variance(y)
        if noise is None:
            noise = lucid.randn_like(mean) if self.training else 0.0
        return self.decoder(mean + (log_variance / 2).exp() * noise), mean, log_variance


def vae_loss(y, x, mean, log_variance):
    r"""Compute the negative of the evidence lower bound, for each image on the average.

    Parameters
    ----------
    y : Tensor
        (N, \*) scores, as `VAE` gives them.
    x : Tensor
        (N, \*) images with values from 0 to 1.
    mean, log_variance : Tensor
        (N, latent).

    Returns
    -------
    Tensor
        The cross entropy of the pixels, :math:`\ln(1 + e^y) - xy`, and the divergence from the
        unit normal, :math:`\frac{1}{2} \sum (\mu^2 + \sigma^2 - 1 - \ln \sigma^2)`, in nats.

    References
    ----------
    .. [1] Kingma and Welling, "Auto-encoding variational Bayes", 2014, equation 10 and appendix B.

    Examples
    --------
    >>> import lucid
    >>> from lucid.models import vae_loss
    >>> y, x, zero = lucid.zeros(1, 4), lucid.ones(1, 4), lucid.zeros(1, 2)
    >>> round(vae_loss(y, x, zero, zero).item(), 4)
    2.7726
    """
    pixels = (F.softplus(y) - x * y).sum()
    divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum()
    return (pixels + divergence) / x.shape[0]
