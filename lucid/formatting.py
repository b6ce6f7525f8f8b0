"""How a tensor prints: as in PyTorch."""

import numpy as np

from lucid.dtypes import get_default_dtype

THRESHOLD = 1000  # elements from which the middle is left out
EDGE = 3  # elements kept at each end
COLUMNS = 80
PRECISION = 4  # digits after the point


def tensor_text(x):
    """Write a tensor as Python would: values, then what is not the default."""
    array = x.array
    usual = (get_default_dtype().numpy,)
    if array.size == 0:
        notes = [f"size={array.shape}"] if array.ndim != 1 else []
        body = "[]"
    else:
        notes = []
        usual += (np.dtype(np.int64), np.dtype(np.bool_))
        body = _lines(array, _Writer(array), len("tensor("))
    if array.dtype not in usual:
        notes.append(f"dtype={x.dtype}")
    if x.node is not None:
        notes.append(f"grad_fn=<{type(x.node).__name__}>")
    elif x.requires_grad:
        notes.append("requires_grad=True")
    text = f"tensor({body}"
    for note in notes:
        room = COLUMNS - (len(text) - text.rfind("\n") + 1)
        text += (", " if len(note) + 2 <= room else ",\n" + " " * len("tensor(")) + note
    return f"{text})"


def _lines(array, write, indent):
    """Write axis by axis: the last one in rows, the others one below the other."""
    if array.ndim == 0:
        return write(array[()])
    is_cut = write.cuts and array.shape[0] > 2 * EDGE
    parts = [array[:EDGE], array[-EDGE:]] if is_cut else [array]
    if array.ndim > 1:
        texts = [[_lines(each, write, indent + 1) for each in part] for part in parts]
    else:
        texts = [[write(each) for each in part] for part in parts]
    gap = "..." if array.ndim > 1 else " ..."
    texts = [*texts[0], gap, *texts[1]] if is_cut else texts[0]
    if array.ndim > 1:
        return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(texts) + "]"
    room = max(1, (COLUMNS - indent) // (write.width + 2))
    rows = [", ".join(texts[start : start + room]) for start in range(0, len(texts), room)]
    return "[" + (",\n" + " " * (indent + 1)).join(rows) + "]"


class _Writer:
    """One format for all elements that print: whole numbers, 4 decimals, or powers of ten."""

    def __init__(self, array):
        self.cuts = array.size > THRESHOLD
        shown = _corners(array) if self.cuts else array
        self.form = self._choose(shown) if shown.dtype.kind == "f" else "{}"
        self.width = 0
        self.width = max([len(self(value)) for value in shown.flat])

    def _choose(self, shown):
        finite = shown[np.isfinite(shown) & (shown != 0)].astype(np.float64)
        if not finite.size:
            return "{:.0f}."
        sizes = np.abs(finite)
        largest, smallest = sizes.max(), sizes.min()
        if largest > 1000 * smallest or largest > 1e8 or smallest < 1e-4:
            return "{:.%de}" % PRECISION
        return "{:.0f}." if (finite == np.ceil(finite)).all() else "{:.%df}" % PRECISION

    def __call__(self, value):
        is_number = value.dtype.kind != "f" or np.isfinite(value)
        text = self.form.format(value) if is_number else str(value)
        return text.rjust(self.width)


def _corners(array):
    """Give the elements that print."""
    kept = [
        [*range(EDGE), *range(size - EDGE, size)] if size > 2 * EDGE else range(size)
        for size in array.shape
    ]
    return array[np.ix_(*kept)]
