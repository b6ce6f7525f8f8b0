"""Layers that join axes and split them again."""

from __future__ import annotations

from lucid.geometry import check_int
from lucid.nn.module import Module
from lucid.ops.operands import check_dim, check_tensor
from lucid.ops.shaping import flatten, reshape
from lucid.tensor import Tensor

__all__ = ["Flatten", "Unflatten"]


class Flatten(Module):
    r"""Join neighbouring axes into one: by default all behind the batch.

    Parameters
    ----------
    start_dim : int, default 1
        The first axis to join.
    end_dim : int, default -1
        The last axis to join.

    Attributes
    ----------
    start_dim, end_dim : int
        As given.

    See Also
    --------
    Unflatten : The way back.
    lucid.flatten : The same as a function.

    Notes
    -----
    **Shape.** Input (N, \*), output (N, product of \*).

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Flatten()(lucid.zeros(32, 16, 5, 5)).shape
    (32, 400)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.start_dim = check_int(start_dim, "start_dim")
        self.end_dim = check_int(end_dim, "end_dim")

    def forward(self, x: Tensor) -> Tensor:
        """Join the axes of x; a view where the memory allows it."""
        return flatten(x, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """Say the axes."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    r"""Split one axis into several.

    Parameters
    ----------
    dim : int
        The axis to split.
    unflattened_size : tuple of int
        The sizes of the new axes; one of them may be -1 and follows from the rest.

    Attributes
    ----------
    dim : int
        As given.
    unflattened_size : tuple of int
        As given.

    See Also
    --------
    Flatten : The way back.

    Notes
    -----
    **Shape.** Input (\*, product, \*), output (\*, unflattened_size, \*).

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.Unflatten(1, (16, 5, 5))(lucid.zeros(32, 400)).shape
    (32, 16, 5, 5)
    """

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.dim = check_int(dim, "dim")
        if not isinstance(unflattened_size, (tuple, list)) or not unflattened_size:
            raise TypeError(
                f"unflattened_size must be a tuple of at least one int, not {unflattened_size!r}"
            )
        self.unflattened_size = tuple(
            check_int(size, "unflattened_size", -1) for size in unflattened_size
        )
        if self.unflattened_size.count(-1) > 1:
            raise ValueError(f"unflattened_size={self.unflattened_size} may hold one -1, not more")

    def forward(self, x: Tensor) -> Tensor:
        """Split the axis of x."""
        check_tensor(x, "unflatten")
        shape = x.array.shape
        dim = check_dim(self.dim, len(shape), "unflatten")
        return reshape(x, *shape[:dim], *self.unflattened_size, *shape[dim + 1 :])

    def extra_repr(self) -> str:
        """Say the axis and the sizes."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
