"""Data made by rule, with labels that are exact: synthetic, so good for a first look at a model.

Every function draws from one generator, so a seed gives the same data again.
"""

import numpy as np

from lucid.generator import draw_from
from lucid.geometry import check_int
from lucid.nn.functional.checks import check_number
from lucid.tensor import Tensor
from lucid.utils.data import TensorDataset

__all__ = [
    "blobs3d", "checkers2d", "glyphs2d", "masks2d", "shapes2d", "two_moons", "waveforms1d",
]

# the corners (x, y) of the line that draws a digit, in a box of side 1, y downwards
_SIX = [(0.8, 0.05), (0.4, 0.15), (0.12, 0.6), (0.25, 0.95), (0.6, 1), (0.88, 0.75), (0.7, 0.5),
        (0.35, 0.5), (0.13, 0.7)]
_GLYPHS = [
    [(0.5, 0), (0.82, 0.15), (0.9, 0.5), (0.82, 0.85), (0.5, 1), (0.18, 0.85), (0.1, 0.5),
     (0.18, 0.15), (0.5, 0)],
    [(0.25, 0.25), (0.55, 0), (0.55, 1)],
    [(0.1, 0.25), (0.3, 0), (0.7, 0), (0.9, 0.25), (0.8, 0.45), (0.1, 1), (0.9, 1)],
    [(0.1, 0.1), (0.5, 0), (0.85, 0.2), (0.7, 0.44), (0.4, 0.48), (0.75, 0.52), (0.9, 0.78),
     (0.5, 1), (0.1, 0.9)],
    [(0.65, 1), (0.65, 0), (0.05, 0.65), (0.95, 0.65)],
    [(0.85, 0), (0.2, 0), (0.15, 0.45), (0.6, 0.4), (0.9, 0.65), (0.75, 0.93), (0.4, 1),
     (0.1, 0.9)],
    _SIX,
    [(0.1, 0), (0.9, 0), (0.4, 1)],
    [(0.5, 0.48), (0.2, 0.25), (0.35, 0.02), (0.65, 0.02), (0.8, 0.25), (0.5, 0.48), (0.12, 0.75),
     (0.35, 1), (0.65, 1), (0.88, 0.75), (0.5, 0.48)],
    [(1 - x, 1 - y) for x, y in _SIX],
]


def _grid(size, ndim):
    """Give the coordinates of all positions, (1, size, ...) for each axis."""
    return [axis[None].astype(np.float32) for axis in np.ogrid[(slice(size),) * ndim]]


def _draw(rng, low, high, count, ndim):
    """Draw a number for each item, laid out to broadcast over its positions."""
    return rng.uniform(low, high, count).astype(np.float32).reshape(count, *(1,) * ndim)


def _shape_masks(rng, kinds, size):
    """Draw a shape for each item: 0 a disc, 1 a square, 2 a triangle; (N, size, size) of bool."""
    count = len(kinds)
    y, x = _grid(size, 2)
    radius = _draw(rng, 0.15 * size, 0.3 * size, count, 2)
    dy, dx = (each - _draw(rng, 0.3 * size, 0.7 * size, count, 2) for each in (y, x))
    disc = dx * dx + dy * dy <= radius * radius
    square = np.maximum(abs(dx), abs(dy)) <= 0.8 * radius
    triangle = (abs(dy) <= radius) & (abs(dx) <= (dy + radius) / 2)  # its point is above
    return np.choose(np.asarray(kinds).reshape(-1, 1, 1), [disc, square, triangle])


def _noisy(rng, clean, noise):
    """Add noise to float32 numbers."""
    if noise:
        clean = clean + noise * rng.standard_normal(clean.shape, np.float32)
    return clean.astype(np.float32)


def _check(count, size, noise, least):
    return (check_int(count, "count", 1), check_int(size, "size", least),
            check_number(noise, "noise", 0))


def shapes2d(count, size=32, noise=0.1, generator=None):
    """Draw images of one shape each: a disc, a square or a triangle. Synthetic.

    Parameters
    ----------
    count : int
        Images, at least 1.
    size : int, default 32
        Pixels of a side, at least 8.
    noise : float, default 0.1
        Standard deviation of what is added to every pixel, at least 0.
    generator : Generator, optional
        Source of the drawings; default the global one.

    Returns
    -------
    TensorDataset
        Images `(N, 1, size, size)` of float32, about 0 outside and 0.5 to 1 inside the shape;
        labels `(N,)` of int64: 0 disc, 1 square, 2 triangle, each a third.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range.

    Examples
    --------
    >>> import lucid
    >>> from lucid.datasets import shapes2d
    >>> image, label = shapes2d(9, 16, noise=0, generator=lucid.Generator(0))[1]
    >>> image.shape, label.item()
    ((1, 16, 16), 1)
    """
    count, size, noise = _check(count, size, noise, 8)
    rng = draw_from(generator)
    labels = np.arange(count) % 3
    inside = _shape_masks(rng, labels, size)
    images = inside * _draw(rng, 0.5, 1.0, count, 2)
    return TensorDataset(Tensor(_noisy(rng, images, noise)[:, None]), Tensor(labels))


def masks2d(count, size=32, noise=0.1, generator=None):
    """Draw images of three shapes each, and say of every pixel what it shows. Synthetic.

    Parameters
    ----------
    count : int
        Images, at least 1.
    size : int, default 32
        Pixels of a side, at least 8.
    noise : float, default 0.1
        Standard deviation of what is added to every pixel, at least 0.
    generator : Generator, optional
        Source of the drawings; default the global one.

    Returns
    -------
    TensorDataset
        Images `(N, 1, size, size)` of float32; masks `(N, size, size)` of int64: 0 background,
        1 disc, 2 square, 3 triangle. Later shapes cover earlier ones.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range.

    Examples
    --------
    >>> import lucid
    >>> from lucid.datasets import masks2d
    >>> image, mask = masks2d(4, 16, generator=lucid.Generator(0))[0]
    >>> image.shape, mask.shape, mask.max().item() <= 3
    ((1, 16, 16), (16, 16), True)
    """
    count, size, noise = _check(count, size, noise, 8)
    rng = draw_from(generator)
    images = np.zeros((count, size, size), np.float32)
    masks = np.zeros((count, size, size), np.int64)
    for kind in range(3):
        inside = _shape_masks(rng, np.full(count, kind), size)
        images = np.where(inside, _draw(rng, 0.5, 1.0, count, 2), images)
        masks[inside] = kind + 1
    return TensorDataset(Tensor(_noisy(rng, images, noise)[:, None]), Tensor(masks))


def glyphs2d(count, size=28, noise=0.1, generator=None):
    """Draw the digits 0 to 9, each turned, moved, narrowed and thickened a little. Synthetic.

    They are lines by rule, not handwriting: `load_digits` has real digits.

    Parameters
    ----------
    count : int
        Images, at least 1.
    size : int, default 28
        Pixels of a side, at least 8.
    noise : float, default 0.1
        Standard deviation of what is added to every pixel, at least 0.
    generator : Generator, optional
        Source of the drawings; default the global one.

    Returns
    -------
    TensorDataset
        Images `(N, 1, size, size)` of float32, 0 outside and 1 on the line, with an edge of one
        pixel between; labels `(N,)` of int64, the digit, each a tenth.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range.

    See Also
    --------
    load_digits : Digits written by hand.

    Examples
    --------
    >>> import lucid
    >>> from lucid.datasets import glyphs2d
    >>> image, label = glyphs2d(10, 16, noise=0, generator=lucid.Generator(1))[7]
    >>> label.item()
    7
    >>> for row in image[0].numpy()[3:13]:
    ...     print("".join("-oO#"[int(3 * level)] for level in row))
    -----oOO##O-----
    -----ooooOO-----
    ---------Oo-----
    ---------#o-----
    ---------#------
    --------o#------
    --------oO------
    --------OO------
    --------Oo------
    --------#o------
    """
    count, size, noise = _check(count, size, noise, 8)
    rng = draw_from(generator)
    labels = np.arange(count) % 10
    height = _draw(rng, 0.5 * size, 0.7 * size, count, 2)
    width = height * _draw(rng, 0.5, 0.75, count, 2)
    angle = _draw(rng, -0.25, 0.25, count, 2)  # radians: up to 14 degrees
    cos, sin = np.cos(angle), np.sin(angle)
    # a line begins and ends half its thickness outside of its corners
    half = _draw(rng, 0.03 * size, 0.06 * size, count, 2)
    dy, dx = (each - (size - 1) * _draw(rng, 0.45, 0.55, count, 2) for each in _grid(size, 2))
    x, y = cos * dx + sin * dy, cos * dy - sin * dx  # where a pixel is on the paper
    distance = np.full((count, size, size), np.inf, np.float32)
    for label in range(min(count, 10)):
        chosen = labels == label
        x_n, y_n, width_n, height_n = (each[chosen] for each in (x, y, width, height))
        corners = [((u - 0.5) * width_n, (v - 0.5) * height_n) for u, v in _GLYPHS[label]]
        for begin, end in zip(corners, corners[1:], strict=False):
            new = _distance(x_n, y_n, begin, end)
            distance[chosen] = np.minimum(distance[chosen], new)
    images = np.clip(half + 0.5 - distance, 0, 1)
    return TensorDataset(Tensor(_noisy(rng, images, noise)[:, None]), Tensor(labels))


def _distance(x, y, begin, end):
    """Measure how far points are from a straight line between two others."""
    along_x, along_y = end[0] - begin[0], end[1] - begin[1]
    x, y = x - begin[0], y - begin[1]
    part = (x * along_x + y * along_y) / (along_x**2 + along_y**2)
    part = part.clip(0, 1)  # where on the line the nearest of its points is
    return np.hypot(x - part * along_x, y - part * along_y)


def checkers2d(count, size=32, noise=0.1, generator=None):
    """Draw turned checkerboards, and say of every pixel which of two colours its field has.

    Synthetic: what it takes to tell the fields apart is to see their edges, which are straight.

    Parameters
    ----------
    count : int
        Images, at least 1.
    size : int, default 32
        Pixels of a side, at least 8.
    noise : float, default 0.1
        Standard deviation of what is added to every pixel, at least 0.
    generator : Generator, optional
        Source of the drawings; default the global one.

    Returns
    -------
    TensorDataset
        Images `(N, 1, size, size)` of float32, 0 to 0.4 on dark fields and 0.6 to 1 on light ones,
        each image with its two levels; masks `(N, size, size)` of int64: 0 dark, 1 light. A field
        has a side of an eighth to a quarter of the image.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range.

    Examples
    --------
    >>> import lucid
    >>> from lucid.datasets import checkers2d
    >>> image, mask = checkers2d(2, 16, noise=0, generator=lucid.Generator(0))[0]
    >>> image.shape, mask.shape, ((image[0] > 0.5) == (mask == 1)).all().item()
    ((1, 16, 16), (16, 16), True)
    """
    count, size, noise = _check(count, size, noise, 8)
    rng = draw_from(generator)
    y, x = _grid(size, 2)
    angle = _draw(rng, 0, np.pi / 2, count, 2)
    side = _draw(rng, size / 8, size / 4, count, 2)
    turned = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    row, column = (np.floor(each / side + _draw(rng, 0, 1, count, 2)) for each in turned)
    masks = ((row + column) % 2).astype(np.int64)
    images = np.where(masks, _draw(rng, 0.6, 1, count, 2), _draw(rng, 0, 0.4, count, 2))
    return TensorDataset(Tensor(_noisy(rng, images, noise)[:, None]), Tensor(masks))


def blobs3d(count, size=16, noise=0.1, generator=None):
    """Draw volumes with a ball and a tube each, and say of every voxel what it shows. Synthetic.

    Parameters
    ----------
    count : int
        Volumes, at least 1.
    size : int, default 16
        Voxels of a side, at least 8.
    noise : float, default 0.1
        Standard deviation of what is added to every voxel, at least 0.
    generator : Generator, optional
        Source of the drawings; default the global one.

    Returns
    -------
    TensorDataset
        Volumes `(N, 1, size, size, size)` of float32; masks `(N, size, size, size)` of int64:
        0 background, 1 ball, 2 tube, which runs through the volume along one of the three axes.
        Where they meet it is the tube.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range.

    Examples
    --------
    >>> import lucid
    >>> from lucid.datasets import blobs3d
    >>> volume, mask = blobs3d(2, 8, generator=lucid.Generator(0))[0]
    >>> volume.shape, mask.shape
    ((1, 8, 8, 8), (8, 8, 8))
    """
    count, size, noise = _check(count, size, noise, 8)
    rng = draw_from(generator)
    grid = _grid(size, 3)

    def distances():
        """Give for each axis the squared distance from a point drawn for each item."""
        return [(axis - _draw(rng, 0.3 * size, 0.7 * size, count, 3)) ** 2 for axis in grid]

    ball = sum(distances()) <= _draw(rng, 0.15 * size, 0.3 * size, count, 3) ** 2
    z, y, x = distances()
    along = rng.integers(0, 3, (count, 1, 1, 1))
    tube = np.choose(along, [y + x, z + x, z + y]) <= _draw(rng, 1.0, 0.15 * size, count, 3) ** 2
    masks = np.where(tube, 2, np.where(ball, 1, 0)).astype(np.int64)
    brightness = [np.zeros((), np.float32), *(_draw(rng, 0.5, 1.0, count, 3) for _ in range(2))]
    volumes = np.choose(masks, brightness)
    return TensorDataset(Tensor(_noisy(rng, volumes, noise)[:, None]), Tensor(masks))


def waveforms1d(count, length=64, noise=0.1, generator=None):
    """Draw sequences of one waveform each: a sine, a square wave or a sawtooth. Synthetic.

    Parameters
    ----------
    count : int
        Sequences, at least 1.
    length : int, default 64
        Positions, at least 16.
    noise : float, default 0.1
        Standard deviation of what is added to every position, at least 0.
    generator : Generator, optional
        Source of the drawings; default the global one.

    Returns
    -------
    TensorDataset
        Sequences `(N, 1, length)` of float32, -1 to 1 without the noise, with 2 to 6 periods and
        any phase; labels `(N,)` of int64: 0 sine, 1 square wave, 2 sawtooth, each a third.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range.

    Examples
    --------
    >>> import lucid
    >>> from lucid.datasets import waveforms1d
    >>> wave, label = waveforms1d(3, noise=0, generator=lucid.Generator(0))[1]
    >>> wave.shape, label.item(), sorted(set(wave.abs()[0].tolist()))
    ((1, 64), 1, [1.0])
    """
    count, length, noise = (check_int(count, "count", 1), check_int(length, "length", 16),
                            check_number(noise, "noise", 0))
    rng = draw_from(generator)
    (t,) = _grid(length, 1)
    phase = (_draw(rng, 2, 6, count, 1) * t / length + _draw(rng, 0, 1, count, 1)) % 1
    forms = [np.sin(2 * np.pi * phase), np.where(phase < 0.5, 1.0, -1.0), 2 * phase - 1]
    labels = np.arange(count) % 3
    waves = np.choose(labels[:, None], forms)
    return TensorDataset(Tensor(_noisy(rng, waves, noise)[:, None]), Tensor(labels))


def two_moons(count, noise=0.1, generator=None):
    """Draw points on two half circles that reach into each other. Synthetic.

    Parameters
    ----------
    count : int
        Points, at least 1.
    noise : float, default 0.1
        Standard deviation of what is added to both coordinates, at least 0.
    generator : Generator, optional
        Source of the drawings; default the global one.

    Returns
    -------
    TensorDataset
        Points `(N, 2)` of float32; labels `(N,)` of int64: 0 for the upper half circle, of radius
        1 around (0, 0), and 1 for the lower one around (1, 0.5), in turn.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range.

    Examples
    --------
    >>> import lucid
    >>> from lucid.datasets import two_moons
    >>> point, label = two_moons(10, noise=0, generator=lucid.Generator(0))[0]
    >>> round((point**2).sum().item(), 5), label.item()
    (1.0, 0)
    """
    count, noise = check_int(count, "count", 1), check_number(noise, "noise", 0)
    rng = draw_from(generator)
    angle = rng.uniform(0, np.pi, count)
    labels = np.arange(count) % 2
    upper = np.stack([np.cos(angle), np.sin(angle)], 1)
    points = np.where(labels[:, None] == 0, upper, [1, 0.5] - upper)
    return TensorDataset(Tensor(_noisy(rng, points, noise)), Tensor(labels))
