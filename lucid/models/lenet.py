"""LeNet-5: the network that read the amounts on cheques."""

import lucid.nn as nn

__all__ = ["LeNet5"]


class LeNet5(nn.Module):
    r"""Read characters with two convolutions, two averages and three linear layers.

    Parameters
    ----------
    num_classes : int, default 10
        Scores for each image.
    in_channels : int, default 1
        Channels of an image.

    Notes
    -----
    **Shape.** Input (N, in_channels, 32, 32), output (N, num_classes). 61,706 parameters with the
    defaults. Three things are simpler than in [1]_: every map of the third layer sees all maps of
    the second, the averages have no weights, and the last layer gives scores for the cross entropy
    in place of distances to drawn characters.

    References
    ----------
    .. [1] LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
       recognition", 1998, section II.B and figure 2.

    Examples
    --------
    >>> import lucid
    >>> from lucid.models import LeNet5
    >>> LeNet5()(lucid.zeros(2, 1, 32, 32)).shape
    (2, 10)
    """

    def __init__(self, num_classes=10, in_channels=1):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 6, kernel_size=5), nn.Tanh(),  # 32 -> 28
            nn.AvgPool2d(2),  # -> 14
            nn.Conv2d(6, 16, kernel_size=5), nn.Tanh(),  # -> 10
            nn.AvgPool2d(2),  # -> 5
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120), nn.Tanh(),
            nn.Linear(120, 84), nn.Tanh(),
            nn.Linear(84, num_classes),
        )

    def forward(self, x):
        """Score images (N, in_channels, 32, 32)."""
        return self.classifier(self.features(x))
