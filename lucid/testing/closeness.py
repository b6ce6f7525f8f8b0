"""Comparing numbers that were computed in two ways."""

from collections.abc import Mapping

import numpy as np

__all__ = ["assert_close"]

# relative and absolute, PyTorch's defaults; anything but floats must be equal
TOLERANCES = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}


def assert_close(
    actual, expected, *, rtol=None, atol=None, equal_nan=False, check_dtype=True, msg=None
):
    r"""Raise unless two things are equal up to rounding.

    Parameters
    ----------
    actual, expected : Tensor, array, number, or a sequence or mapping of these
        What came, and what was wanted. Tensors of PyTorch are taken too.
    rtol, atol : float, optional
        An element may be off by ``atol + rtol * abs(expected)``. The defaults, of the coarser of
        both types, are 1.3e-6 and 1e-5 for float32, 1e-7 and 1e-7 for float64, and 0 for integers.
    equal_nan : bool, default False
        Whether a NaN is equal to a NaN.
    check_dtype : bool, default True
        Whether the types must be equal too. Python's numbers fit any type of their kind.
    msg : str, optional
        Put before the message.

    Raises
    ------
    AssertionError
        If they differ: the message counts the elements that do, and gives the index, the values and
        the bound of the worst.
    ValueError
        If only one of `rtol` and `atol` is given.

    Examples
    --------
    >>> import lucid
    >>> from lucid.testing import assert_close
    >>> x = lucid.tensor([1.0, 2.0, 3.0])
    >>> assert_close(x * 3 / 3, x)
    >>> assert_close(x.sqrt(), x)
    Traceback (most recent call last):
    ...
    AssertionError: 2 of 3 elements are not close; the worst is at (2,): actual 1.73205, expected 3,
    off by 1.26795, allowed 1e-05 + 1.3e-06 * 3 = 1.39e-05
    """
    if (rtol is None) != (atol is None):
        raise ValueError("assert_close: give both rtol and atol, or none")
    try:
        _compare(actual, expected, rtol, atol, equal_nan, check_dtype, "")
    except AssertionError as error:
        raise AssertionError(f"{msg}: {error}" if msg else str(error)) from None


def as_array(x):
    """Take the array out of a tensor of either library, or make one."""
    if hasattr(x, "detach"):
        x = x.detach().numpy()
    return np.asarray(x)


def _compare(actual, expected, rtol, atol, equal_nan, check_dtype, place):
    options = rtol, atol, equal_nan, check_dtype
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        if set(actual) != set(expected):
            raise AssertionError(f"{place}keys {list(actual)} and {list(expected)} differ")
        for key in actual:
            _compare(actual[key], expected[key], *options, f"{place}[{key!r}]: ")
        return
    if isinstance(actual, (list, tuple)) and isinstance(expected, (list, tuple)):
        if len(actual) != len(expected):
            raise AssertionError(f"{place}{len(actual)} items, expected {len(expected)}")
        for key, pair in enumerate(zip(actual, expected, strict=True)):
            _compare(*pair, *options, f"{place}[{key}]: ")
        return
    typed = [not isinstance(x, (int, float, list, tuple)) for x in (actual, expected)]
    a, b = as_array(actual), as_array(expected)
    if a.shape != b.shape:
        raise AssertionError(f"{place}shape {a.shape}, expected {b.shape}")
    if check_dtype and all(typed) and a.dtype != b.dtype:
        raise AssertionError(f"{place}type {a.dtype}, expected {b.dtype}")
    _compare_arrays(a, b, rtol, atol, equal_nan, place)


def _compare_arrays(a, b, rtol, atol, equal_nan, place):
    if rtol is None:
        pairs = [TOLERANCES.get(x.dtype.name, (0.0, 0.0)) for x in (a, b)]
        rtol, atol = max(pairs)
    exact = a.dtype.kind not in "fc" and b.dtype.kind not in "fc"
    wide = np.int64 if exact else np.float64
    a, b = a.astype(wide), b.astype(wide)
    with np.errstate(all="ignore"):
        off = abs(a - b)
        allowed = atol + rtol * abs(b)
        wrong = ~((off <= allowed) & (off < np.inf) | (a == b))  # infinity equals infinity
        excess = np.nan_to_num(off - allowed, nan=np.inf)
    if equal_nan and not exact:
        wrong &= ~(np.isnan(a) & np.isnan(b))
    count = int(wrong.sum())
    if not count:
        return
    worst = np.unravel_index(np.argmax(np.where(wrong, excess, -np.inf)), a.shape)
    index = tuple(int(i) for i in worst)
    bound = f"{atol:g} + {rtol:g} * {abs(b[worst]):g} = {allowed[worst]:.3g}"
    raise AssertionError(
        f"{place}{count} of {a.size} elements are not close; the worst is at {index}: actual "
        f"{a[worst]:.6g}, expected {b[worst]:.6g}, off by {off[worst]:.6g}, allowed {bound}"
    )
