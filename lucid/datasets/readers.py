"""Readers of data sets in files on this machine: nothing is downloaded."""

import gzip
import zlib
from math import prod
from pathlib import Path

import numpy as np

from lucid.errors import LucidError
from lucid.tensor import Tensor
from lucid.utils.data import TensorDataset

__all__ = ["read_cifar10_bin", "read_idx"]

# the third byte of an idx file names its type; the type that lucid keeps it in
IDX_TYPES = {
    0x08: (">u1", np.uint8), 0x09: (">i1", np.int8), 0x0B: (">i2", np.int32),
    0x0C: (">i4", np.int32), 0x0D: (">f4", np.float32), 0x0E: (">f8", np.float64),
}
MAX_AXES, MAX_EMPTY = 64, 2**59  # as many axes and elements can a NumPy array have
CIFAR_ROW = 1 + 3 * 32 * 32  # a label, and the bytes of an image


def _read(path):
    """Read all bytes of a file, unpacking one that was packed by gzip."""
    data = Path(path).read_bytes()
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        raise LucidError(f"{path}, packed by gzip, is cut short or damaged: {error}") from error


def read_idx(path):
    """Read a file in the idx format, such as those of MNIST and Fashion-MNIST.

    Parameters
    ----------
    path : str or path
        The file, as it is or packed by gzip.

    Returns
    -------
    Tensor
        Of the shape and type in the file; int16 becomes int32. For MNIST uint8: images (N, 28, 28)
        with 0 for paper and 255 for ink, labels (N,).

    Raises
    ------
    OSError
        If the file cannot be read.
    LucidError
        If it is no idx file, or is cut short or damaged.

    References
    ----------
    .. [1] Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section
       "File formats".

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from lucid.datasets import read_idx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "labels-idx1-ubyte")
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    ...     read_idx(path)
    tensor([7, 2, 1], dtype=lucid.uint8)
    """
    data = _read(path)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in IDX_TYPES:
        raise LucidError(
            f"{path} is no idx file: it must begin with two zeros, a type and a number of axes, "
            f"not {list(data[:4])}"
        )
    stored, kept = IDX_TYPES[data[2]]
    start = 4 + 4 * data[3]
    if data[3] > MAX_AXES or len(data) < start:
        raise LucidError(
            f"{path} should have {data[3]} axes, at most {MAX_AXES}, and their sizes in {start} "
            f"bytes, but has {len(data)}; it is cut short or damaged"
        )
    shape = tuple(int(n) for n in np.frombuffer(data[4:start], ">u4"))
    needed = start + prod(shape) * np.dtype(stored).itemsize
    empty = prod(max(n, 1) for n in shape)  # of which NumPy counts the other axes
    if len(data) != needed or empty > MAX_EMPTY:
        raise LucidError(
            f"{path} should hold {shape}, which is {needed} bytes, but has {len(data)}; it is cut "
            f"short or damaged"
        )
    return Tensor(np.frombuffer(data, stored, offset=start).reshape(shape).astype(kept))


def read_cifar10_bin(paths):
    """Read files of CIFAR-10 in its binary version.

    Parameters
    ----------
    paths : str or path, or sequence of them
        The files, such as ``data_batch_1.bin``, as they are or packed by gzip; read in order.

    Returns
    -------
    TensorDataset
        With two tensors, so that item `n` is the pair `(image, label)`: images `(N, 3, 32, 32)` of
        uint8, 0 to 255, red, green and blue; labels `(N,)` of int64, 0 to 9.

    Raises
    ------
    OSError
        If a file cannot be read.
    LucidError
        If a file is damaged, its length is not that of whole images, or a label is above 9.

    References
    ----------
    .. [1] A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from lucid.datasets import read_cifar10_bin
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "data_batch_1.bin")
    ...     _ = path.write_bytes(bytes([6]) + bytes(3072))
    ...     image, label = read_cifar10_bin(path)[0]
    >>> image.shape, label.item()
    ((3, 32, 32), 6)
    """
    paths = list(paths) if isinstance(paths, (list, tuple)) else [paths]
    rows = []
    for path in paths:
        data = _read(path)
        if not data or len(data) % CIFAR_ROW:
            raise LucidError(
                f"{path} has {len(data)} bytes, which is no multiple of {CIFAR_ROW}: it is no "
                f"binary file of CIFAR-10, or is cut short"
            )
        rows.append(np.frombuffer(data, np.uint8).reshape(-1, CIFAR_ROW))
        if rows[-1][:, 0].max() > 9:
            raise LucidError(f"{path} has the label {rows[-1][:, 0].max()}; CIFAR-10 has 0 to 9")
    table = np.concatenate(rows)
    images = np.ascontiguousarray(table[:, 1:]).reshape(-1, 3, 32, 32)
    return TensorDataset(Tensor(images), Tensor(table[:, 0].astype(np.int64)))
