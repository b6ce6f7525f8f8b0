"""All parameters as one vector, and back."""

from math import prod

from lucid.errors import ShapeError
from lucid.ops.operands import check_tensor
from lucid.ops.shaping import cat, reshape

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters):
    """Lay all parameters out in one vector.

    Parameters
    ----------
    parameters : iterable of Tensor
        At least one, of one type.

    Returns
    -------
    Tensor
        (n,), their elements in order; gradients flow through it.

    Raises
    ------
    ValueError
        If there are none.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> nn.utils.parameters_to_vector(nn.Linear(3, 2).parameters()).shape
    (8,)
    """
    parts = [reshape(x, x.numel()) for x in parameters]
    if not parts:
        raise ValueError("parameters_to_vector: there are no parameters, or a generator was read")
    return cat(parts)


def vector_to_parameters(vec, parameters):
    """Write the parts of one vector into all parameters, in place.

    Parameters
    ----------
    vec : Tensor
        (n,), as from `parameters_to_vector`; its values are copied, without a gradient.
    parameters : iterable of Tensor
        Those to fill, n elements together.

    Raises
    ------
    ShapeError
        If the vector has another number of elements; nothing has changed then.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.Linear(2, 1)
    >>> nn.utils.vector_to_parameters(lucid.tensor([1.0, 2.0, 3.0]), layer.parameters())
    >>> layer.bias.tolist()
    [3.0]
    """
    check_tensor(vec, "vector_to_parameters")
    parameters = list(parameters)
    counts = [prod(x.shape) for x in parameters]
    if vec.array.shape != (sum(counts),):
        raise ShapeError(
            f"vector_to_parameters: a vector of shape {vec.array.shape} does not fill parameters "
            f"of {' + '.join(map(str, counts))} = {sum(counts)} elements"
        )
    start = 0
    for x, count in zip(parameters, counts, strict=True):
        x.array[...] = vec.array[start : start + count].reshape(x.shape)
        x.bump()
        start += count
