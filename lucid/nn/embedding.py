"""Layers that look up learnt vectors, or multiply two vectors with learnt matrices."""

from __future__ import annotations

from lucid.autograd import no_grad
from lucid.creation import empty
from lucid.device import DeviceLike
from lucid.dtypes import DTypeLike
from lucid.errors import ShapeError
from lucid.geometry import check_int
from lucid.nn.functional.embedding import bilinear, check_padding, embedding
from lucid.nn.init import normal_, uniform_
from lucid.nn.module import Module
from lucid.nn.parameter import Parameter
from lucid.ops.operands import check_tensor
from lucid.tensor import Tensor

__all__ = ["Bilinear", "Embedding"]


class Embedding(Module):
    r"""Look up a learnt vector for every number, such as that of a word or a sound level.

    Parameters
    ----------
    num_embeddings : int
        Rows of the table, at least 1.
    embedding_dim : int
        Numbers of each vector, at least 1.
    padding_idx : int, optional
        A row that starts at zero and is never changed by a gradient.
    device : DeviceLike, default None
        Where the table is; None and ``'cpu'`` are the same. By name only.
    dtype : DTypeLike, default None
        Type of the table, float32 or float64; None is the default type. By name only.

    Attributes
    ----------
    weight : Parameter
        (num_embeddings, embedding_dim), first drawn from a normal distribution of variance 1.
    num_embeddings, embedding_dim : int
        As given.
    padding_idx : int or None
        As given, counted from the first row.

    See Also
    --------
    lucid.nn.functional.embedding : The same with a table of your own.

    Notes
    -----
    **Shape.** Input of int, any shape \*; output (\*, embedding_dim). PyTorch's options max_norm,
    scale_grad_by_freq and sparse are not there.

    References
    ----------
    .. [1] Bengio, Ducharme, Vincent and Jauvin, "A neural probabilistic language model", 2003,
       section 2.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.Embedding(10, 3)
    >>> layer(lucid.tensor([[1, 2, 4], [4, 3, 9]])).shape
    (2, 3, 3)
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, *,
        device: DeviceLike = None, dtype: DTypeLike = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.num_embeddings = check_int(num_embeddings, "num_embeddings", 1)
        self.embedding_dim = check_int(embedding_dim, "embedding_dim", 1)
        self.padding_idx = check_padding(padding_idx, self.num_embeddings)
        self.weight = Parameter(empty(num_embeddings, embedding_dim, device=device, dtype=dtype))
        self.reset_parameters()

    @classmethod
    def from_pretrained(cls, embeddings, freeze=True, padding_idx=None):
        """Make a layer of a table that there is already.

        Parameters
        ----------
        embeddings : Tensor
            (num_embeddings, embedding_dim); the layer shares its memory.
        freeze : bool, default True
            Whether the table is not to be learnt.
        padding_idx : int, optional
            A row that is never changed by a gradient.

        Returns
        -------
        Embedding

        Raises
        ------
        ShapeError
            If `embeddings` has not 2 axes.

        Examples
        --------
        >>> import lucid
        >>> import lucid.nn as nn
        >>> layer = nn.Embedding.from_pretrained(lucid.tensor([[0.0, 0.5], [1.0, 1.5]]))
        >>> layer(lucid.tensor([1])).tolist()
        [[1.0, 1.5]]
        """
        check_tensor(embeddings, "from_pretrained")
        if embeddings.array.ndim != 2:
            raise ShapeError(
                f"from_pretrained: a table of shape {embeddings.array.shape} needs 2 axes: (V, D)"
            )
        layer = cls(*embeddings.array.shape, padding_idx, dtype=embeddings.dtype)
        layer.weight = Parameter(embeddings.detach(), requires_grad=not freeze)
        return layer

    def reset_parameters(self) -> None:
        """Draw the table anew, and set the row for padding to zero."""
        normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0.0

    def forward(self, x: Tensor) -> Tensor:
        """Look up the rows x."""
        return embedding(x, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        """Say the sizes, and the row for padding."""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"


class Bilinear(Module):
    r"""Multiply two vectors with a learnt matrix for each output: :math:`y = x_1^T W x_2 + b`.

    Parameters
    ----------
    in1_features, in2_features : int
        Sizes of the last axes of the two inputs, at least 1.
    out_features : int
        Size of the last axis of the output, at least 1.
    bias : bool, default True
        Whether a learnt number is added to every output feature.
    device : DeviceLike, default None
        Where the parameters are; None and ``'cpu'`` are the same.
    dtype : DTypeLike, default None
        Type of the parameters, float32 or float64; None is the default type.

    Attributes
    ----------
    weight : Parameter
        (out_features, in1_features, in2_features), first drawn from :math:`U(-b, b)` with
        :math:`b = 1 / \sqrt{in1\_features}`.
    bias : Parameter or None
        (out_features,), drawn from the same interval; None with ``bias=False``.
    in1_features, in2_features, out_features : int
        As given.

    See Also
    --------
    lucid.nn.functional.bilinear : The same computation with weights of your own.

    Notes
    -----
    **Shape.** Inputs (\*, in1_features) and (\*, in2_features) with the same axes in front; output
    (\*, out_features).

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn as nn
    >>> layer = nn.Bilinear(20, 30, 40)
    >>> layer(lucid.zeros(128, 20), lucid.zeros(128, 30)).shape
    (128, 40)
    """

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True,
        device: DeviceLike = None, dtype: DTypeLike = None,
    ) -> None:
        """Make the layer; the parameters are those of the class."""
        super().__init__()
        self.in1_features = check_int(in1_features, "in1_features", 1)
        self.in2_features = check_int(in2_features, "in2_features", 1)
        self.out_features = check_int(out_features, "out_features", 1)
        options = {"device": device, "dtype": dtype}
        shape = (self.out_features, self.in1_features, self.in2_features)
        self.weight = Parameter(empty(shape, **options))
        shift = Parameter(empty((self.out_features,), **options)) if bias else None
        self.register_parameter("bias", shift)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        bound = self.in1_features**-0.5
        for parameter in self.parameters():
            uniform_(parameter, -bound, bound)

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """Multiply x1 and x2 with the matrices."""
        return bilinear(x1, x2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Say the features, and whether there is a bias."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
