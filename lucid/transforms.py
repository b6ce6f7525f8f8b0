"""What is done to images before a network sees them: callables that can be put in a row.

Images are tensors `(*, C, H, W)`; every transform takes one image or a batch of them, and treats
all images of a batch alike.
"""

import numpy as np

from lucid.errors import DtypeError, ShapeError
from lucid.generator import draw_from
from lucid.geometry import check_int, normalise_size
from lucid.nn.functional.checks import check_floating, check_number
from lucid.nn.functional.interpolation import interpolate
from lucid.nn.functional.pad import pad
from lucid.ops.operands import is_tensor
from lucid.ops.shaping import flip, reshape
from lucid.tensor import Tensor

__all__ = [
    "CenterCrop", "Compose", "Normalize", "RandomCrop", "RandomHorizontalFlip", "Resize",
    "ToTensor",
]


def _image_size(x, name):
    """Give height and width of a tensor (*, C, H, W)."""
    if not is_tensor(x):
        raise TypeError(f"{name}: needs a Tensor, not {type(x).__name__}; put ToTensor() before it")
    if x.array.ndim < 3:
        raise ShapeError(
            f"{name}: input of shape {x.array.shape} needs at least 3 axes: channels, height, width"
        )
    return x.array.shape[-2:]


class Compose:
    """Do several things one after the other.

    Parameters
    ----------
    transforms : sequence of callable
        What to do, in order; each takes what the one before it returned.

    Attributes
    ----------
    transforms : list of callable
        As given.

    Raises
    ------
    TypeError
        If one of them cannot be called.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import transforms as T
    >>> prepare = T.Compose([T.ToTensor(), T.Normalize(0.5, 0.5)])
    >>> prepare(np.array([[0, 255]], dtype=np.uint8))
    tensor([[[-1.,  1.]]])
    """

    def __init__(self, transforms):
        self.transforms = list(transforms)
        for each in self.transforms:
            if not callable(each):
                raise TypeError(f"Compose needs functions, not {each!r} ({type(each).__name__})")

    def __call__(self, x):
        for transform in self.transforms:
            x = transform(x)
        return x

    def __repr__(self):
        lines = "".join(f"\n    {each}" for each in self.transforms)
        return f"Compose({lines}\n)"


class ToTensor:
    """Make a tensor of an image: channels first, and numbers from 0 to 1.

    What it takes is a numpy.ndarray, or anything NumPy makes one of, such as an image of Pillow:
    `(H, W)` or `(H, W, C)`, of uint8, bool or floating-point numbers. What it gives is a tensor
    `(C, H, W)`; uint8 is divided by 255 and becomes float32, bool becomes 0 and 1, and
    floating-point numbers stay what they are.

    Raises
    ------
    ShapeError
        From the call, if the image has another number of axes.
    DtypeError
        From the call, if it is of another type.

    Examples
    --------
    >>> import numpy as np
    >>> from lucid import transforms as T
    >>> T.ToTensor()(np.array([[0, 51]], dtype=np.uint8))
    tensor([[[0.0000, 0.2000]]])
    """

    def __call__(self, image):
        array = np.asarray(image)
        if array.ndim not in (2, 3):
            raise ShapeError(
                f"ToTensor: image of shape {array.shape} needs (height, width) or (height, width, "
                f"channels)"
            )
        array = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
        if array.dtype == np.uint8:
            return Tensor(np.ascontiguousarray(array, np.float32) / np.float32(255))
        if array.dtype == np.bool_:
            return Tensor(np.ascontiguousarray(array, np.float32))
        if array.dtype not in (np.float32, np.float64):
            raise DtypeError(
                f"ToTensor: image of {array.dtype}; needs uint8, bool, float32 or float64"
            )
        return Tensor(array.copy(order="C"))

    def __repr__(self):
        return "ToTensor()"


class Normalize:
    """Subtract a mean from every channel, and divide by a deviation.

    Parameters
    ----------
    mean, std : float or sequence of float
        One number for all channels, or one for each; deviations greater than 0.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range.
    ShapeError
        From the call, if the image has other channels.
    DtypeError
        From the call, if it is not floating-point.

    Examples
    --------
    >>> import lucid
    >>> from lucid import transforms as T
    >>> T.Normalize([1.0, 2.0], 2.0)(lucid.ones(2, 1, 1)).flatten()
    tensor([ 0.0000, -0.5000])
    """

    def __init__(self, mean, std):
        self.mean, self.std = self._numbers(mean, "mean"), self._numbers(std, "std", above=0)

    @staticmethod
    def _numbers(values, name, **bounds):
        many = np.ravel(values).tolist()
        return tuple(check_number(each, name, **bounds) for each in many)

    def __call__(self, x):
        _image_size(x, "Normalize")
        check_floating(x, "Normalize")
        channels = x.array.shape[-3]
        for name, numbers in (("mean", self.mean), ("std", self.std)):
            if len(numbers) not in (1, channels):
                raise ShapeError(
                    f"Normalize: {name} has {len(numbers)} numbers, but the input of shape "
                    f"{x.array.shape} has {channels} channels"
                )
        mean, std = (
            x.wrap(np.array(numbers, x.array.dtype).reshape(-1, 1, 1))
            for numbers in (self.mean, self.std)
        )
        return (x - mean) / std

    def __repr__(self):
        return f"Normalize(mean={self.mean}, std={self.std})"


def _cut(x, top, left, size):
    """Cut out a part, which lies inside the image."""
    return x[..., top : top + size[0], left : left + size[1]]


class CenterCrop:
    """Cut out the middle; what is missing is filled with zeros.

    Parameters
    ----------
    size : int or tuple of int
        Height and width of the part, at least 1.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range.
    ShapeError
        From the call, if the input has fewer than 3 axes.

    Examples
    --------
    >>> import lucid
    >>> from lucid import transforms as T
    >>> T.CenterCrop(2)(lucid.arange(16).reshape(1, 4, 4))
    tensor([[[ 5,  6],
             [ 9, 10]]])
    """

    def __init__(self, size):
        self.size = normalise_size(size, 2, "size")

    def __call__(self, x):
        present = _image_size(x, "CenterCrop")
        missing = [max(m - n, 0) for m, n in zip(self.size, present, strict=True)]
        if any(missing):
            (above, left), (below, right) = zip(*[(m // 2, (m + 1) // 2) for m in missing])
            x = pad(x, (left, right, above, below))
            present = x.array.shape[-2:]
        # an odd number that is left over rounds to even, as in PyTorch
        top, left = (round((n - m) / 2) for n, m in zip(present, self.size, strict=True))
        return _cut(x, top, left, self.size)

    def __repr__(self):
        return f"CenterCrop(size={self.size})"


class RandomCrop:
    """Cut out a part at a random place.

    Parameters
    ----------
    size : int or tuple of int
        Height and width of the part, at least 1.
    padding : int or tuple of int, optional
        Positions that are added first: one number for all sides, two for left and right, above and
        below, or four for left, above, right and below.
    pad_if_needed : bool, default False
        Whether an image that is too small is padded on both sides; if not, it is refused.
    fill : float, default 0
        What added positions hold.
    padding_mode : str, default 'constant'
        How they are filled, as in `lucid.nn.functional.pad`.
    generator : Generator, optional
        Source of the places; default the global one.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range.
    ShapeError
        From the call, if the image is too small.

    Examples
    --------
    >>> import lucid
    >>> from lucid import transforms as T
    >>> T.RandomCrop(32, padding=4)(lucid.zeros(3, 32, 32)).shape
    (3, 32, 32)
    """

    def __init__(
        self, size, padding=None, pad_if_needed=False, fill=0, padding_mode="constant",
        generator=None,
    ):
        self.size = normalise_size(size, 2, "size")
        many = padding if isinstance(padding, (tuple, list)) else (padding or 0,) * 4
        if len(many) not in (2, 4):
            raise ValueError(f"padding={padding} has {len(many)} numbers; give 1, 2 or 4")
        self.padding = tuple(check_int(each, "padding", 0) for each in (*many, *many)[:4])
        self.pad_if_needed, self.fill = bool(pad_if_needed), check_number(fill, "fill")
        self.padding_mode, self.generator = padding_mode, generator

    def __call__(self, x):
        height, width = _image_size(x, "RandomCrop")
        left, above, right, below = self.padding
        if self.pad_if_needed:
            more_high = max(self.size[0] - height - above - below, 0)
            more_wide = max(self.size[1] - width - left - right, 0)
            above, below = above + more_high, below + more_high
            left, right = left + more_wide, right + more_wide
        if any((left, right, above, below)):
            x = pad(x, (left, right, above, below), self.padding_mode, self.fill)
        room = [n - m for n, m in zip(x.array.shape[-2:], self.size, strict=True)]
        if min(room) < 0:
            raise ShapeError(
                f"RandomCrop: an image of {height} x {width}, with padding {self.padding}, is too "
                f"small for a part of {self.size[0]} x {self.size[1]}; use pad_if_needed=True"
            )
        rng = draw_from(self.generator)
        top, left = (int(rng.integers(0, n + 1)) for n in room)
        return _cut(x, top, left, self.size)

    def __repr__(self):
        return f"RandomCrop(size={self.size}, padding={self.padding})"


class RandomHorizontalFlip:
    """Turn left and right round, with a given probability.

    Parameters
    ----------
    p : float, default 0.5
        The probability, 0 to 1.
    generator : Generator, optional
        Source of the decisions; default the global one.

    Raises
    ------
    ValueError, TypeError
        If `p` is no probability.
    ShapeError
        From the call, if the input has fewer than 3 axes.

    Examples
    --------
    >>> import lucid
    >>> from lucid import transforms as T
    >>> T.RandomHorizontalFlip(p=1.0)(lucid.tensor([[[1, 2, 3]]]))
    tensor([[[3, 2, 1]]])
    """

    def __init__(self, p=0.5, generator=None):
        self.p, self.generator = check_number(p, "p", 0, 1), generator

    def __call__(self, x):
        _image_size(x, "RandomHorizontalFlip")
        return flip(x, -1) if draw_from(self.generator).random() < self.p else x

    def __repr__(self):
        return f"RandomHorizontalFlip(p={self.p})"


class Resize:
    """Bring images to a size, by interpolation.

    Parameters
    ----------
    size : int or tuple of int
        Height and width, at least 1; one int is the length of the shorter side, and the other one
        keeps its proportion, rounded down.
    interpolation : str, default 'bilinear'
        ``'nearest'``, ``'nearest-exact'``, ``'bilinear'``, ``'bicubic'`` or ``'area'``.

    Raises
    ------
    ValueError, TypeError
        If an option is out of its range.
    ShapeError
        From the call, if the input has fewer than 3 axes, or an empty one.
    DtypeError
        From the call, if it is not floating-point.

    Notes
    -----
    Nothing is smoothed before an image is made smaller, unlike in torchvision, where this is the
    default; ``'area'`` averages instead.

    Examples
    --------
    >>> import lucid
    >>> from lucid import transforms as T
    >>> T.Resize(16)(lucid.zeros(3, 32, 48)).shape
    (3, 16, 24)
    """

    def __init__(self, size, interpolation="bilinear"):
        modes = ("nearest", "nearest-exact", "bilinear", "bicubic", "area")
        if interpolation not in modes:
            raise ValueError(
                f"interpolation={interpolation!r} is unknown; choose one of "
                f"{', '.join(map(repr, modes))}"
            )
        pair = normalise_size(size, 2, "size")
        self.size = pair if isinstance(size, (tuple, list)) else pair[0]
        self.interpolation = interpolation

    def __call__(self, x):
        height, width = _image_size(x, "Resize")
        size = self.size
        if isinstance(size, int):
            short = max(min(height, width), 1)
            size = tuple(max(n * size // short, 1) for n in (height, width))
        *lead, channels = x.array.shape[:-2]
        images = reshape(x, int(np.prod(lead)), channels, height, width)
        y = interpolate(images, size, mode=self.interpolation)
        return reshape(y, *lead, channels, *size)

    def __repr__(self):
        return f"Resize(size={self.size}, interpolation={self.interpolation!r})"
