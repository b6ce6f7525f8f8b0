"""The 1,797 handwritten digits of the UCI repository, bundled as 45 kB of bytes."""

from importlib import resources

import numpy as np

from lucid.tensor import Tensor
from lucid.utils.data import TensorDataset

__all__ = ["load_digits"]

TRAIN_LENGTH = 1437  # 80 %; the last 360 images are the test part


def load_digits(train=None):
    r"""Read the bundled images of handwritten digits, 8 x 8 pixels each.

    The file holds Optical Recognition of Handwritten Digits by E. Alpaydin and C. Kaynak [1]_, the
    1,797 images of its test part, in their order. Licence: Creative Commons Attribution 4.0
    (CC BY 4.0). Source, licence and history are told in full beside the data, in
    `lucid/datasets/digits.txt`.

    Parameters
    ----------
    train : bool or None, default None
        True: the first 1,437 images (80 %). False: the last 360. None: all 1,797. The split is
        fixed, so results of different people compare; every digit is between 9 % and 11 % of
        either part.

    Returns
    -------
    TensorDataset
        With two tensors, so that item `n` is the pair `(image, label)`: images `(N, 1, 8, 8)`
        float32 between 0 (paper) and 1 (ink), in steps of 1/16; labels `(N,)` int64, the digit
        0 to 9. Each call returns tensors of its own.

    Raises
    ------
    TypeError
        If `train` is neither a bool nor None.

    Notes
    -----
    Each pixel counts the black points in a block of 4 x 4 points of a scanned 32 x 32 bitmap,
    divided by 16.

    References
    ----------
    .. [1] E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
       Learning Repository, 1998. https://doi.org/10.24432/C50P49

    Examples
    --------
    >>> from lucid.datasets import load_digits
    >>> train, test = load_digits(train=True), load_digits(train=False)
    >>> len(train), len(test)
    (1437, 360)
    >>> image, label = train[0]
    >>> image.shape, label.item()
    ((1, 8, 8), 0)
    >>> for row in image[0].numpy():
    ...     print("".join("--oO#"[int(4 * level)] for level in row))
    ---Oo---
    --OOoO--
    --O--oo-
    --O--oo-
    --o--oo-
    --o--O--
    --O-oO--
    ---Oo---
    """
    if train is not None and not isinstance(train, bool):
        raise TypeError(f"train={train!r}; choose True (1,437 images), False (360) or None (all)")
    with (resources.files("lucid.datasets") / "digits.npz").open("rb") as file:
        with np.load(file, allow_pickle=False) as arrays:
            images = arrays["images"][:, None].astype(np.float32) / 16
            labels = arrays["labels"].astype(np.int64)
    part = {None: slice(None), True: slice(TRAIN_LENGTH), False: slice(TRAIN_LENGTH, None)}[train]
    return TensorDataset(Tensor(images[part]), Tensor(labels[part]))
