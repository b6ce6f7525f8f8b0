"""Convolutions and transposed convolutions of tensors, for one to three spatial axes."""

from functools import lru_cache

from lucid.errors import DtypeError
from lucid.geometry import (
    check_int, check_weight, conv_geometry, conv_transpose_geometry, normalise_padding,
    normalise_size, output_paddings,
)
from lucid.nn.functional.checks import are_alike, check_learnt
from lucid.ops.conv import Conv, ConvInputGrad
from lucid.ops.operands import check_tensor
from lucid.ops.shaping import squeeze, unsqueeze

__all__ = [
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
]


def check_operands(x, weight, bias=None):
    """Refuse what is no tensor, and types that are not float32 or float64, the same for all."""
    if are_alike((x, weight) if bias is None else (x, weight, bias)):
        return
    check_learnt(weight, "convolution")
    operands = {"input": x, "weight": weight} | ({} if bias is None else {"bias": bias})
    for name, each in operands.items():
        check_tensor(each, f"the {name} of a convolution")
    wanted = weight.dtype
    if not wanted.is_floating_point:
        raise DtypeError(
            f"weight is {wanted.name}; a convolution computes in float32 or float64: convert it "
            f"with weight.to(lucid.float32)"
        )
    for name, each in operands.items():
        if each.dtype is not wanted:
            raise DtypeError(
                f"{name} is {each.dtype.name}, but weight is {wanted.name}; convert it with "
                f"{'x' if each is x else name}.to(lucid.{wanted.name})"
            )


def run(step, geometry, x, weight, bias):
    """Call a step of `lucid.ops.conv`, giving one item without batch axis a batch of its own."""
    if len(x.array.shape) == len(geometry.kernel_size) + 1:
        return squeeze(run(step, geometry, unsqueeze(x, 0), weight, bias), 0)
    return step(geometry)(x, weight) if bias is None else step(geometry)(x, weight, bias)


def _conv(ndim, x, weight, bias, stride, padding, dilation, groups):
    check_operands(x, weight, bias)
    options = (ndim, x.array.shape, weight.array.shape, stride, padding, dilation, groups)
    try:
        geometry = _layout(*options)
    except TypeError:  # an option that cannot be looked up, such as a list; or none at all
        geometry = _layout.__wrapped__(*options)
    return run(Conv, geometry, x, weight, bias)


@lru_cache(maxsize=4096, typed=True)  # typed: True is no 1
def _layout(ndim, x_shape, w_shape, stride, padding, dilation, groups):
    """Work out the geometry of a call, or raise what is wrong with it."""
    check_weight(w_shape, ndim)
    return conv_geometry(
        x_shape, w_shape, normalise_size(stride, ndim, "stride"),
        normalise_padding(padding, ndim), normalise_size(dilation, ndim, "dilation"),
        check_int(groups, "groups", 1),
    )


def _conv_transpose(
    ndim, x, weight, bias, stride, padding, output_padding, groups, dilation, output_size
):
    check_operands(x, weight, bias)
    check_weight(weight.array.shape, ndim)
    stride = normalise_size(stride, ndim, "stride")
    padding = normalise_size(padding, ndim, "padding", 0)
    dilation = normalise_size(dilation, ndim, "dilation")
    output_padding = normalise_size(output_padding, ndim, "output_padding", 0)
    x_shape, w_shape = x.array.shape, weight.array.shape
    if output_size is not None:
        if any(output_padding):
            raise ValueError(
                f"give output_padding={output_padding} or output_size={output_size}, not both"
            )
        sizes = (w_shape[2:], stride, padding, dilation)
        output_padding = output_paddings(x_shape, output_size, *sizes)
    groups = check_int(groups, "groups", 1)
    geometry = conv_transpose_geometry(
        x_shape, w_shape, stride, padding, output_padding, dilation, groups
    )
    return run(ConvInputGrad, geometry, x, weight, bias)


def conv1d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""Slide kernels over sequences and add up the products: a 1D convolution.

    Parameters
    ----------
    x : Tensor
        (N, C, L), or (C, L) for one item; float32 or float64.
    weight : Tensor
        (F, C // groups, K), of the type of `x`.
    bias : Tensor, optional
        (F,), added to every position of its channel.
    stride : int, default 1
        Positions from one placement of the kernel to the next; at least 1.
    padding : int or str, default 0
        Zeros on both sides of each axis, at least 0; ``'valid'`` is 0, ``'same'`` keeps the size at
        stride 1, with the odd zero on the high side.
    dilation : int, default 1
        Positions from one tap of the kernel to the next; at least 1.
    groups : int, default 1
        Parts that the channels are split into; divides C and F.

    Returns
    -------
    Tensor
        (N, F, L_out), or without N; for the sizes see
        `lucid.geometry.conv_output_size`.

    Raises
    ------
    ShapeError
        If axes, channels or sizes do not fit; the message does the arithmetic.
    DtypeError
        If the tensors are not all float32, or all float64.
    ValueError, TypeError
        If a number is out of its range or no int.

    See Also
    --------
    conv_transpose1d : Its adjoint in `x`.
    lucid.nn.Conv1d : The layer with weights of its own, and other padding modes.

    Notes
    -----
    With :math:`o` an output position, :math:`k` a tap, and :math:`c` the channels of the group
    of :math:`f`,

    .. math:: y_{nfo} = b_f + \sum_{c, k} w_{fck} \, x_{n, c, \, o \cdot stride + k \cdot
        dilation - padding}.

    The kernel is not flipped: in signal processing this is called a cross-correlation.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x = lucid.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0]]])
    >>> weight = lucid.tensor([[[1.0, 10.0, 100.0, 1000.0]]])
    >>> F.conv1d(x, weight, padding="same")
    tensor([[[3210., 4321., 5432.,  543.,   54.]]])
    """
    return _conv(1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""Slide kernels over images and add up the products: a 2D convolution.

    Parameters
    ----------
    x : Tensor
        (N, C, H, W), or (C, H, W) for one item; float32 or float64.
    weight : Tensor
        (F, C // groups, K_H, K_W), of the type of `x`.
    bias : Tensor, optional
        (F,), added to every position of its channel.
    stride : int or tuple[int, int], default 1
        Positions from one placement of the kernel to the next; at least 1.
    padding : int, tuple[int, int], or str, default 0
        Zeros on both sides of each axis, at least 0; ``'valid'`` is 0, ``'same'`` keeps the size at
        stride 1, with the odd zero on the high side.
    dilation : int or tuple[int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.
    groups : int, default 1
        Parts that the channels are split into; divides C and F.

    Returns
    -------
    Tensor
        (N, F, H_out, W_out), or without N; for the sizes see
        `lucid.geometry.conv_output_size`.

    Raises
    ------
    ShapeError
        If axes, channels or sizes do not fit; the message does the arithmetic.
    DtypeError
        If the tensors are not all float32, or all float64.
    ValueError, TypeError
        If a number is out of its range or no int.

    See Also
    --------
    conv_transpose2d : Its adjoint in `x`.
    lucid.nn.Conv2d : The layer with weights of its own, and other padding modes.

    Notes
    -----
    With :math:`o` an output position, :math:`k` a tap, and :math:`c` the channels of the group
    of :math:`f`,

    .. math:: y_{nfo} = b_f + \sum_{c, k} w_{fck} \, x_{n, c, \, o \cdot stride + k \cdot
        dilation - padding}.

    The kernel is not flipped: in signal processing this is called a cross-correlation.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x = lucid.tensor([[[[0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]]])
    >>> edges = lucid.tensor([[[[-1.0, 1.0], [-1.0, 1.0]]]])
    >>> F.conv2d(x, edges)
    tensor([[[[0., 2.],
              [0., 2.]]]])
    """
    return _conv(2, x, weight, bias, stride, padding, dilation, groups)


def conv3d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""Slide kernels over volumes and add up the products: a 3D convolution.

    Parameters
    ----------
    x : Tensor
        (N, C, D, H, W), or (C, D, H, W) for one item; float32 or float64.
    weight : Tensor
        (F, C // groups, K_D, K_H, K_W), of the type of `x`.
    bias : Tensor, optional
        (F,), added to every position of its channel.
    stride : int or tuple[int, int, int], default 1
        Positions from one placement of the kernel to the next; at least 1.
    padding : int, tuple[int, int, int], or str, default 0
        Zeros on both sides of each axis, at least 0; ``'valid'`` is 0, ``'same'`` keeps the size at
        stride 1, with the odd zero on the high side.
    dilation : int or tuple[int, int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.
    groups : int, default 1
        Parts that the channels are split into; divides C and F.

    Returns
    -------
    Tensor
        (N, F, D_out, H_out, W_out), or without N; for the sizes see
        `lucid.geometry.conv_output_size`.

    Raises
    ------
    ShapeError
        If axes, channels or sizes do not fit; the message does the arithmetic.
    DtypeError
        If the tensors are not all float32, or all float64.
    ValueError, TypeError
        If a number is out of its range or no int.

    See Also
    --------
    conv_transpose3d : Its adjoint in `x`.
    lucid.nn.Conv3d : The layer with weights of its own, and other padding modes.

    Notes
    -----
    With :math:`o` an output position, :math:`k` a tap, and :math:`c` the channels of the group
    of :math:`f`,

    .. math:: y_{nfo} = b_f + \sum_{c, k} w_{fck} \, x_{n, c, \, o \cdot stride + k \cdot
        dilation - padding}.

    The kernel is not flipped: in signal processing this is called a cross-correlation.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x, weight = lucid.ones(1, 2, 4, 6, 6), lucid.ones(8, 2, 3, 3, 3)
    >>> F.conv3d(x, weight, stride=(1, 2, 2), padding=1).shape
    (1, 8, 4, 3, 3)
    """
    return _conv(3, x, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1,
    output_size=None,
):
    r"""Put a kernel down for every element of sequences and add up: a 1D transposed convolution.

    Parameters
    ----------
    x : Tensor
        (N, C, L), or (C, L) for one item; float32 or float64.
    weight : Tensor
        (C, F // groups, K), of the type of `x`.
    bias : Tensor, optional
        (F,), added to every position of its channel.
    stride : int, default 1
        Positions of the output from one kernel to the next; at least 1.
    padding : int, default 0
        Positions cropped from both sides of each axis, at least 0. Strings are not supported.
    output_padding : int, default 0
        Positions added on the high side of each axis; they are computed like all others. From 0 to
        ``max(stride, dilation) - 1``.
    groups : int, default 1
        Parts that the channels are split into; divides C and F.
    dilation : int, default 1
        Positions from one tap of the kernel to the next; at least 1.
    output_size : int, optional
        The size wanted, instead of `output_padding`; a whole shape is accepted too.

    Returns
    -------
    Tensor
        (N, F, L_out), or without N; for the sizes see
        `lucid.geometry.conv_transpose_output_size`.

    Raises
    ------
    ShapeError
        If axes, channels or sizes do not fit, or `output_size` cannot be reached.
    DtypeError
        If the tensors are not all float32, or all float64.
    ValueError, TypeError
        If a number is out of its range or no int.

    See Also
    --------
    conv1d : Its adjoint in `x`.
    lucid.nn.ConvTranspose1d : The layer with weights of its own.

    Notes
    -----
    With :math:`o` a position of `x`, :math:`k` a tap, and :math:`c` the channels of the group
    of :math:`f`,

    .. math:: y_{nfi} = b_f + \sum_{c, k, o} w_{cfk} \, x_{nco}
        \quad\text{over}\quad o \cdot stride + k \cdot dilation - padding = i.

    It is the transposed matrix of a convolution, not its inverse.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x, weight = lucid.tensor([[[1.0, 2.0]]]), lucid.tensor([[[1.0, 10.0, 100.0]]])
    >>> F.conv_transpose1d(x, weight, stride=2)
    tensor([[[  1.,  10., 102.,  20., 200.]]])
    >>> F.conv_transpose1d(x, weight, stride=2, output_size=6).shape
    (1, 1, 6)
    """
    return _conv_transpose(
        1, x, weight, bias, stride, padding, output_padding, groups, dilation, output_size
    )


def conv_transpose2d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1,
    output_size=None,
):
    r"""Put a kernel down for every element of images and add up: a 2D transposed convolution.

    Parameters
    ----------
    x : Tensor
        (N, C, H, W), or (C, H, W) for one item; float32 or float64.
    weight : Tensor
        (C, F // groups, K_H, K_W), of the type of `x`.
    bias : Tensor, optional
        (F,), added to every position of its channel.
    stride : int or tuple[int, int], default 1
        Positions of the output from one kernel to the next; at least 1.
    padding : int or tuple[int, int], default 0
        Positions cropped from both sides of each axis, at least 0. Strings are not supported.
    output_padding : int or tuple[int, int], default 0
        Positions added on the high side of each axis; they are computed like all others. From 0 to
        ``max(stride, dilation) - 1``.
    groups : int, default 1
        Parts that the channels are split into; divides C and F.
    dilation : int or tuple[int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.
    output_size : int or tuple[int, int], optional
        The size wanted, instead of `output_padding`; a whole shape is accepted too.

    Returns
    -------
    Tensor
        (N, F, H_out, W_out), or without N; for the sizes see
        `lucid.geometry.conv_transpose_output_size`.

    Raises
    ------
    ShapeError
        If axes, channels or sizes do not fit, or `output_size` cannot be reached.
    DtypeError
        If the tensors are not all float32, or all float64.
    ValueError, TypeError
        If a number is out of its range or no int.

    See Also
    --------
    conv2d : Its adjoint in `x`.
    lucid.nn.ConvTranspose2d : The layer with weights of its own.

    Notes
    -----
    With :math:`o` a position of `x`, :math:`k` a tap, and :math:`c` the channels of the group
    of :math:`f`,

    .. math:: y_{nfi} = b_f + \sum_{c, k, o} w_{cfk} \, x_{nco}
        \quad\text{over}\quad o \cdot stride + k \cdot dilation - padding = i.

    It is the transposed matrix of a convolution, not its inverse.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x = lucid.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> F.conv_transpose2d(x, lucid.ones(1, 1, 2, 2), stride=2)
    tensor([[[[1., 1., 2., 2.],
              [1., 1., 2., 2.],
              [3., 3., 4., 4.],
              [3., 3., 4., 4.]]]])
    """
    return _conv_transpose(
        2, x, weight, bias, stride, padding, output_padding, groups, dilation, output_size
    )


def conv_transpose3d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1,
    output_size=None,
):
    r"""Put a kernel down for every element of volumes and add up: a 3D transposed convolution.

    Parameters
    ----------
    x : Tensor
        (N, C, D, H, W), or (C, D, H, W) for one item; float32 or float64.
    weight : Tensor
        (C, F // groups, K_D, K_H, K_W), of the type of `x`.
    bias : Tensor, optional
        (F,), added to every position of its channel.
    stride : int or tuple[int, int, int], default 1
        Positions of the output from one kernel to the next; at least 1.
    padding : int or tuple[int, int, int], default 0
        Positions cropped from both sides of each axis, at least 0. Strings are not supported.
    output_padding : int or tuple[int, int, int], default 0
        Positions added on the high side of each axis; they are computed like all others. From 0 to
        ``max(stride, dilation) - 1``.
    groups : int, default 1
        Parts that the channels are split into; divides C and F.
    dilation : int or tuple[int, int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.
    output_size : int or tuple[int, int, int], optional
        The size wanted, instead of `output_padding`; a whole shape is accepted too.

    Returns
    -------
    Tensor
        (N, F, D_out, H_out, W_out), or without N; for the sizes see
        `lucid.geometry.conv_transpose_output_size`.

    Raises
    ------
    ShapeError
        If axes, channels or sizes do not fit, or `output_size` cannot be reached.
    DtypeError
        If the tensors are not all float32, or all float64.
    ValueError, TypeError
        If a number is out of its range or no int.

    See Also
    --------
    conv3d : Its adjoint in `x`.
    lucid.nn.ConvTranspose3d : The layer with weights of its own.

    Notes
    -----
    With :math:`o` a position of `x`, :math:`k` a tap, and :math:`c` the channels of the group
    of :math:`f`,

    .. math:: y_{nfi} = b_f + \sum_{c, k, o} w_{cfk} \, x_{nco}
        \quad\text{over}\quad o \cdot stride + k \cdot dilation - padding = i.

    It is the transposed matrix of a convolution, not its inverse.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> x, weight = lucid.ones(1, 8, 2, 4, 4), lucid.ones(8, 2, 2, 2, 2)
    >>> F.conv_transpose3d(x, weight, stride=2).shape
    (1, 2, 4, 8, 8)
    """
    return _conv_transpose(
        3, x, weight, bias, stride, padding, output_padding, groups, dilation, output_size
    )
