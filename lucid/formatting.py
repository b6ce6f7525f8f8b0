"""How a tensor prints."""

import numpy as np

THRESHOLD = 1000  # elements from which the middle is left out
EDGE = 3  # elements kept at each end


def tensor_text(x):
    """Write a tensor as Python would: values, then what is not the default."""
    array = x.array
    if array.size == 0:
        body = f"[], size={array.shape}" if array.ndim != 1 else "[]"
    else:
        body = np.array2string(
            array, separator=", ", prefix="tensor(", threshold=THRESHOLD, edgeitems=EDGE,
            max_line_width=88, formatter=_formatter(array),
        )
    notes = []
    if array.dtype not in (np.float32, np.int64, np.bool_):
        notes.append(f"dtype={x.dtype}")
    if x.node is not None:
        notes.append(f"grad_fn=<{type(x.node).__name__}>")
    elif x.requires_grad:
        notes.append("requires_grad=True")
    return f"tensor({', '.join([body, *notes])})"


def _formatter(array):
    """Choose one format for all elements: whole numbers, 4 decimals, or powers of ten."""
    if array.dtype.kind != "f":
        return None
    finite = array[np.isfinite(array)].astype(np.float64)
    sizes = np.abs(finite[finite != 0])
    largest, smallest = (sizes.max(), sizes.min()) if sizes.size else (0, 1)
    if (finite == np.round(finite)).all():
        form = "{:.4e}" if largest >= 1e8 else "{:.0f}."
    elif largest >= 1e8 or smallest < 1e-4 or largest / smallest > 1000:
        form = "{:.4e}"
    else:
        form = "{:.4f}"
    shown = _corners(array)
    texts = [form.format(value) if np.isfinite(value) else str(value) for value in shown]
    width = max(map(len, texts)) if array.ndim else 0
    return {
        "float_kind": lambda value: (
            form.format(value) if np.isfinite(value) else str(value)
        ).rjust(width)
    }


def _corners(array):
    """Give the elements that print."""
    if array.size > THRESHOLD:
        for axis, size in enumerate(array.shape):
            if size > 2 * EDGE:
                array = array.take([*range(EDGE), *range(size - EDGE, size)], axis=axis)
    return array.ravel()
