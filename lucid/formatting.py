"""How a tensor prints: as in PyTorch."""

import math

import numpy as np

from lucid.dtypes import get_default_dtype
from lucid.geometry import check_int

__all__ = ["set_printoptions"]

PROFILES = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}
options = {**PROFILES["default"], "sci_mode": None}


def set_printoptions(
    precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None
):
    """Say how tensors print; what is None stays as it is.

    Parameters
    ----------
    precision : int, optional
        Digits after the point, at least 0; at first 4.
    threshold : int, optional
        Elements above which the middle is left out, at least 0; at first 1000.
    edgeitems : int, optional
        Elements kept at each end of an axis then, at least 1; at first 3.
    linewidth : int, optional
        Columns of a line, at least 1; at first 80.
    profile : {"default", "short", "full"}, optional
        Set all of these at once: as at first, with 2 digits and 2 elements, or with nothing left
        out. The others then change single ones.
    sci_mode : bool, optional
        Whether to print powers of ten; with a profile and not given, where the numbers need them.

    Raises
    ------
    ValueError
        If a number is too small, or the profile not known.

    Examples
    --------
    >>> import lucid
    >>> lucid.set_printoptions(precision=2)
    >>> lucid.tensor([1 / 3])
    tensor([0.33])
    >>> lucid.set_printoptions(profile="default")
    """
    if profile is not None and profile not in PROFILES:
        raise ValueError(f"set_printoptions: profile={profile!r}, needs one of {list(PROFILES)}")
    given = {
        "precision": precision, "threshold": threshold, "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    given = {name: value for name, value in given.items() if value is not None}
    for name, value in given.items():
        least = 1 if name in ("edgeitems", "linewidth") else 0
        if value != math.inf:
            check_int(value, f"set_printoptions: {name}", least)
    if profile is not None:
        options.update(PROFILES[profile], sci_mode=None)
    options.update(given)
    if sci_mode is not None:
        options["sci_mode"] = bool(sci_mode)


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
        room = options["linewidth"] - (len(text) - text.rfind("\n") + 1)
        text += (", " if len(note) + 2 <= room else ",\n" + " " * len("tensor(")) + note
    return f"{text})"


def _lines(array, write, indent):
    """Write axis by axis: the last one in rows, the others one below the other."""
    if array.ndim == 0:
        return write(array[()])
    edge = options["edgeitems"]
    is_cut = write.cuts and array.shape[0] > 2 * edge
    parts = [array[:edge], array[-edge:]] if is_cut else [array]
    if array.ndim > 1:
        texts = [[_lines(each, write, indent + 1) for each in part] for part in parts]
    else:
        texts = [[write(each) for each in part] for part in parts]
    gap = "..." if array.ndim > 1 else " ..."
    texts = [*texts[0], gap, *texts[1]] if is_cut else texts[0]
    if array.ndim > 1:
        return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(texts) + "]"
    room = max(1, (options["linewidth"] - indent) // (write.width + 2))
    rows = [", ".join(texts[start : start + room]) for start in range(0, len(texts), room)]
    return "[" + (",\n" + " " * (indent + 1)).join(rows) + "]"


class _Writer:
    """One format for all elements that print: whole numbers, 4 decimals, or powers of ten."""

    def __init__(self, array):
        self.cuts = array.size > options["threshold"]
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
        digits, is_scientific = options["precision"], options["sci_mode"]
        if is_scientific is None:
            is_scientific = largest > 1000 * smallest or largest > 1e8 or smallest < 1e-4
        if is_scientific:
            return f"{{:.{digits}e}}"
        return "{:.0f}." if (finite == np.ceil(finite)).all() else f"{{:.{digits}f}}"

    def __call__(self, value):
        is_number = value.dtype.kind != "f" or np.isfinite(value)
        text = self.form.format(value) if is_number else str(value)
        return text.rjust(self.width)


def _corners(array):
    """Give the elements that print."""
    edge = options["edgeitems"]
    kept = [
        [*range(edge), *range(size - edge, size)] if size > 2 * edge else range(size)
        for size in array.shape
    ]
    return array[np.ix_(*kept)]
