"""Weights of given length, of given spectral norm, and orthogonal ones."""

import numpy as np

from lucid.creation import eye, zeros_like
from lucid.errors import ShapeError
from lucid.geometry import check_int
from lucid.nn.conv_transpose import ConvTransposeNd
from lucid.nn.functional.checks import check_number
from lucid.nn.functional.distance import normalize
from lucid.nn.module import Module
from lucid.nn.parameter import Buffer
from lucid.nn.utils.parametrize import register_parametrization
from lucid.ops.decompositions import Inverse
from lucid.ops.elementwise import sqrt
from lucid.ops.linalg import matmul
from lucid.ops.operands import check_dim
from lucid.ops.shaping import cat, movedim, reshape, transpose
from lucid.random import default_generator
from lucid.tensor import Tensor

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def _parameter_of(module, name):
    """Return the parameter, which must be there; what else is wrong the registration says."""
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(
            f"{type(module).__name__} has no parameter {name!r} with a shape; it has "
            f"{', '.join(map(repr, module._parameters)) or 'none'}"
        )
    return weight


def output_axis(module):
    """Give the axis of a weight along which the output channels lie."""
    return 1 if isinstance(module, ConvTransposeNd) else 0


class _WeightNorm(Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def _length(self, v):
        if self.dim is None:
            return sqrt((v * v).sum())
        axes = [axis for axis in range(v.ndim) if axis != self.dim]
        return sqrt((v * v).sum(axes, keepdim=True)) if axes else abs(v)

    def forward(self, g, v):
        return v * (g / self._length(v))

    def right_inverse(self, weight):
        return self._length(weight), weight


def weight_norm(module, name="weight", dim="output"):
    r"""Learn length and direction of each output channel's weights apart: :math:`w = g v / \|v\|`.

    Parameters
    ----------
    module : Module
        The layer; it is changed.
    name : str, default 'weight'
        Its parameter.
    dim : int or None, default 'output'
        The axis along which every position has a length g of its own. By default that of the output
        channels: 1 for transposed convolutions, whose weight has them there, and else 0. None means
        one length for all.

    Returns
    -------
    Module
        `module` itself, with ``parametrizations.weight.original0``, which is g, and ``original1``,
        which is v; as in PyTorch.

    Raises
    ------
    ValueError
        If there is no such parameter.
    ShapeError
        If there is no such axis.

    Notes
    -----
    PyTorch's default is axis 0 for every layer, which for transposed convolutions is that of the
    input channels. With groups a transposed weight has on axis 1 the channels of one group, and
    each length serves one channel of every group.

    References
    ----------
    .. [1] Salimans and Kingma, "Weight normalization: a simple reparameterization to accelerate
       training of deep neural networks", 2016, equation 2.

    Examples
    --------
    >>> import lucid.nn as nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Conv1d(4, 8, 3))
    >>> layer.parametrizations.weight.original0.shape
    (8, 1, 1)
    """
    weight = _parameter_of(module, name)
    if dim is not None:
        dim = check_dim(output_axis(module) if dim == "output" else dim, weight.ndim, "weight_norm")
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


class _SpectralNorm(Module):
    """Divides by the largest singular value, which a power iteration follows."""

    def __init__(self, weight, n_power_iterations, dim, eps):
        super().__init__()
        self.n_power_iterations, self.dim, self.eps = n_power_iterations, dim, eps
        if weight.ndim > 1:
            matrix = self._matrix(weight.detach()).array
            draw = default_generator().numpy.standard_normal
            for name, size in zip(("_u", "_v"), matrix.shape, strict=True):
                vector = draw(size).astype(matrix.dtype)
                setattr(self, name, Buffer(Tensor(vector / self._size(vector))))
            self._iterate(matrix, 15)

    def _size(self, vector):
        return max(np.linalg.norm(vector), vector.dtype.type(self.eps))

    def _matrix(self, weight):
        turned = movedim(weight, self.dim, 0)
        return reshape(turned, turned.shape[0], -1)

    def _iterate(self, matrix, count):
        """Turn the two vectors towards the largest singular value, in place."""
        u, v = self._u.array, self._v.array
        for _ in range(count):
            u = matrix @ v
            u = u / self._size(u)
            v = matrix.T @ u
            v = v / self._size(v)
        # new arrays: what earlier graphs keep must not change
        self._u.data, self._v.data = Tensor(u), Tensor(v)

    def forward(self, weight):
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        matrix = self._matrix(weight)
        if self.training:
            self._iterate(matrix.detach().array, self.n_power_iterations)
        u, v = Tensor(self._u.array), Tensor(self._v.array)  # the next iteration has others
        return weight / (u * matmul(matrix, v)).sum()

    def right_inverse(self, weight):
        return weight


def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
    r"""Divide a weight by its largest singular value, so that no input grows by more than 1.

    Parameters
    ----------
    module : Module
        The layer; it is changed.
    name : str, default 'weight'
        Its parameter.
    n_power_iterations : int, default 1
        Steps towards that value at every reading in training mode, at least 1.
    eps : float, default 1e-12
        The least that a length counts.
    dim : int, optional
        The axis that becomes the rows of the matrix. Default that of the output channels: 1 for
        transposed convolutions, else 0, as in PyTorch.

    Returns
    -------
    Module
        `module` itself, with ``parametrizations.weight.original`` and the two vectors of the
        iteration ``parametrizations.weight.0._u`` and ``_v``, as in PyTorch.

    Raises
    ------
    ValueError, TypeError
        If there is no such parameter, or an option is out of its range.

    Notes
    -----
    With the vectors u and v, :math:`\sigma = u^T W v`; they count as constants for the gradient.
    For the weights of a convolution it is the norm of the matrix (output channels, the rest), not
    that of the convolution.

    References
    ----------
    .. [1] Miyato, Kataoka, Koyama and Yoshida, "Spectral normalization for generative adversarial
       networks", 2018, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> import lucid.nn as nn
    >>> layer = nn.utils.parametrizations.spectral_norm(nn.Linear(20, 40))
    >>> weight = layer.weight.detach().numpy()
    >>> bool(abs(np.linalg.norm(weight, 2) - 1) < 0.1)
    True
    """
    weight = _parameter_of(module, name)
    count = check_int(n_power_iterations, "n_power_iterations", 1)
    eps = check_number(eps, "eps", 0)
    dim = min(output_axis(module), weight.ndim - 1) if dim is None else dim
    dim = check_dim(dim, weight.ndim, "spectral_norm")
    return register_parametrization(module, name, _SpectralNorm(weight, count, dim, eps))


class _Orthogonal(Module):
    """Cayley's map of a skew matrix, times a fixed orthogonal one."""

    def __init__(self, weight):
        super().__init__()
        rows, columns = weight.shape
        self.wide = rows < columns
        size = max(rows, columns)
        self.base = Buffer(eye(size, dtype=weight.dtype))

    def forward(self, x):
        x = transpose(x, 0, 1) if self.wide else x
        n, k = x.shape
        lower = x * x.wrap(np.tri(n, k, -1, dtype=x.array.dtype))
        if n > k:
            lower = cat([lower, x.wrap(np.zeros((n, n - k), x.array.dtype))], 1)
        half = (lower - transpose(lower, 0, 1)) / 2
        one = x.wrap(np.eye(n, dtype=x.array.dtype))
        q = matmul(self.base, matmul(Inverse()(one - half), one + half))
        q = q[:, :k] if n > k else q
        return transpose(q, 0, 1) if self.wide else q

    def right_inverse(self, weight):
        array = weight.array.T if self.wide else weight.array
        n, k = array.shape
        if n > k:
            filler = default_generator().numpy.standard_normal((n, n - k)).astype(array.dtype)
            array = np.concatenate([array, filler], 1)
        q, r = np.linalg.qr(array)
        # signs so that a weight that is orthogonal already stays what it is
        q = q * np.where(np.diag(r) < 0, -1, 1).astype(q.dtype)
        self.base.data = Tensor(np.ascontiguousarray(q))
        return zeros_like(weight)


def orthogonal(module, name="weight", orthogonal_map="cayley"):
    r"""Keep a matrix orthogonal while it learns: :math:`Q^T Q = 1`, or :math:`Q Q^T` if it is wide.

    Parameters
    ----------
    module : Module
        The layer; it is changed. Its weight becomes the orthogonal matrix that comes out of it by
        Gram and Schmidt.
    name : str, default 'weight'
        Its parameter, (m, n).
    orthogonal_map : str, default 'cayley'
        ``'cayley'``, the only one.

    Returns
    -------
    Module
        `module` itself, with ``parametrizations.weight.original``, at first zeros, and the fixed
        matrix ``parametrizations.weight.0.base``.

    Raises
    ------
    ValueError
        If there is no such parameter, or another map is asked for.
    ShapeError
        If it is no matrix.

    Notes
    -----
    What is learnt is the part X below the diagonal; with :math:`A = X - X^T` the weight is
    :math:`B (1 - A/2)^{-1} (1 + A/2)`, where B is fixed. PyTorch has other maps too and takes
    another one by default; any weight of one can be had by the others, except single turns by 180
    degrees.

    References
    ----------
    .. [1] Lezcano-Casado, "Trivializations for gradient-based optimization on manifolds", 2019.
    .. [2] Helfrich, Willmott and Ye, "Orthogonal recurrent neural networks with scaled Cayley
       transform", 2018, equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> import lucid.nn as nn
    >>> layer = nn.utils.parametrizations.orthogonal(nn.Linear(20, 40))
    >>> q = layer.weight.detach().numpy()
    >>> bool(np.allclose(q.T @ q, np.eye(20), atol=1e-5))
    True
    """
    weight = _parameter_of(module, name)
    if orthogonal_map != "cayley":
        raise ValueError(f"orthogonal_map={orthogonal_map!r} is not there; use 'cayley'")
    if weight.ndim != 2:
        raise ShapeError(f"orthogonal: {name} of shape {weight.shape} is no matrix; needs 2 axes")
    return register_parametrization(module, name, _Orthogonal(weight))
