"""WaveNet: causal convolutions whose dilation doubles, layer by layer."""

import lucid.nn as nn
import lucid.nn.functional as F

__all__ = ["WaveNet"]


class GatedLayer(nn.Module):
    """One causal, dilated convolution with a gate; gives the next layer's input and a skip."""

    def __init__(self, channels, skips, dilation):
        super().__init__()
        self.dilation = dilation
        self.conv = nn.Conv1d(channels, 2 * channels, kernel_size=2, dilation=dilation)
        self.residual = nn.Conv1d(channels, channels, kernel_size=1)
        self.skip = nn.Conv1d(channels, skips, kernel_size=1)

    def forward(self, x):
        y = self.conv(F.pad(x, (self.dilation, 0)))  # zeros before the first sample only
        half = y.shape[1] // 2
        y = y[:, :half].tanh() * y[:, half:].sigmoid()
        return x + self.residual(y), self.skip(y)


class WaveNet(nn.Module):
    r"""Score the next sample of a sound, or the next letter of a text, from those before it.

    Every layer looks twice as far back as the one below: ten layers with kernels of two taps see
    1024 samples.

    Parameters
    ----------
    in_channels : int, default 256
        Channels of the input: 256 for samples written one-hot, 1 for plain ones.
    num_classes : int, default 256
        Scores for each position.
    channels : int, default 32
        Channels of the layers.
    skips : int, default 64
        Channels of what all layers add up to.
    layers : int, default 10
        Layers of a stack; layer k has dilation ``2**k``.
    stacks : int, default 1
        How often the dilations begin anew.

    Attributes
    ----------
    receptive_field : int
        Samples that one output sees: itself and those before.

    Notes
    -----
    **Shape.** Input (N, in_channels, L), output (N, num_classes, L). Output o depends on inputs
    up to o only, so it may be compared with sample o + 1.

    References
    ----------
    .. [1] van den Oord and others, "WaveNet: a generative model for raw audio", 2016, sections 2.1
       to 2.4 and figure 4.

    Examples
    --------
    >>> import lucid
    >>> from lucid.models import WaveNet
    >>> model = WaveNet(in_channels=4, num_classes=4, channels=8, layers=5)
    >>> model(lucid.zeros(2, 4, 50)).shape, model.receptive_field
    ((2, 4, 50), 32)
    """

    def __init__(
        self, in_channels=256, num_classes=256, channels=32, skips=64, layers=10, stacks=1
    ):
        super().__init__()
        dilations = [1 << k for k in range(layers)] * stacks
        self.receptive_field = sum(dilations) + 1
        self.first = nn.Conv1d(in_channels, channels, kernel_size=1)
        self.layers = nn.ModuleList([GatedLayer(channels, skips, each) for each in dilations])
        self.last = nn.Sequential(
            nn.ReLU(), nn.Conv1d(skips, skips, kernel_size=1),
            nn.ReLU(), nn.Conv1d(skips, num_classes, kernel_size=1),
        )

    def forward(self, x):
        """Score what follows each position of (N, in_channels, L)."""
        x, total = self.first(x), 0
        for layer in self.layers:
            x, skip = layer(x)
            total = skip + total
        return self.last(total)
