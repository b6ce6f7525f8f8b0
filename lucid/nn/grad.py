"""The gradients of convolutions as functions: by the input, and by the weight.

They are steps like any other, so they can be differentiated themselves.
"""

from lucid.errors import ShapeError
from lucid.geometry import (
    check_int, check_weight, conv_geometry, conv_transpose_geometry, normalise_padding,
    normalise_size,
)
from lucid.nn.functional.conv import check_operands, run
from lucid.ops.conv import Conv, ConvInputGrad, ConvWeightGrad
from lucid.ops.shaping import unsqueeze

__all__ = [
    "conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input",
    "conv3d_weight", "conv_transpose1d_input", "conv_transpose1d_weight",
    "conv_transpose2d_input", "conv_transpose2d_weight", "conv_transpose3d_input",
    "conv_transpose3d_weight",
]


def _shape(value, name):
    return tuple([check_int(each, f"{name}[{axis}]", 0) for axis, each in enumerate(value)])


def _check(grad_output, x_shape, channels, size):
    """Refuse a grad_output that is not of the output's shape."""
    wanted = (*x_shape[: -len(size) - 1], channels, *size)
    if grad_output.shape != wanted:
        raise ShapeError(
            f"grad_output of shape {grad_output.shape} is not of the output's shape; needs {wanted}"
        )


def _conv(ndim, x_shape, w_shape, grad_output, stride, padding, dilation, groups):
    check_weight(w_shape, ndim)
    geometry = conv_geometry(
        x_shape, w_shape, normalise_size(stride, ndim, "stride"), normalise_padding(padding, ndim),
        normalise_size(dilation, ndim, "dilation"), check_int(groups, "groups", 1),
    )
    _check(grad_output, x_shape, w_shape[0], geometry.output_size)
    return geometry


def _transpose(
    ndim, x_shape, w_shape, grad_output, stride, padding, output_padding, groups, dilation
):
    check_weight(w_shape, ndim)
    groups = check_int(groups, "groups", 1)
    geometry = conv_transpose_geometry(
        x_shape, w_shape, normalise_size(stride, ndim, "stride"),
        normalise_size(padding, ndim, "padding", 0),
        normalise_size(output_padding, ndim, "output_padding", 0),
        normalise_size(dilation, ndim, "dilation"), groups,
    )
    _check(grad_output, x_shape, w_shape[1] * groups, geometry.input_size)
    return geometry


def _input(ndim, lay_out, step, input_size, weight, grad_output, *options):
    check_operands(grad_output, weight)
    x_shape = _shape(input_size, "input_size")
    geometry = lay_out(ndim, x_shape, weight.array.shape, grad_output, *options)
    return run(step, geometry, grad_output, weight, None)


def _weight(ndim, lay_out, x, weight_size, grad_output, *options):
    check_operands(grad_output, x)
    w_shape = _shape(weight_size, "weight_size")
    geometry = lay_out(ndim, x.array.shape, w_shape, grad_output, *options)
    if len(x.array.shape) == ndim + 1:
        x, grad_output = unsqueeze(x, 0), unsqueeze(grad_output, 0)
    if lay_out is _transpose:  # there x is on the side of the output
        x, grad_output = grad_output, x
    return ConvWeightGrad(geometry)(x, grad_output)


def conv1d_input(input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1):
    r"""Compute the gradient of `conv1d` with respect to its input.

    Parameters
    ----------
    input_size : tuple of int
        Shape of the input: (N, C, L), or (C, L).
    weight : Tensor
        (F, C // groups, K).
    grad_output : Tensor
        The gradient with respect to the output, in its shape.
    stride : int, default 1
        As in `lucid.nn.functional.conv1d`, like all that follow.
    padding : int or str, default 0
        Zeros on both sides of each axis, ``'valid'`` or ``'same'``.
    dilation : int, default 1
        Positions from one tap of the kernel to the next; at least 1.
    groups : int, default 1
        Parts that the channels are split into.

    Returns
    -------
    Tensor
        Of shape `input_size`.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    See Also
    --------
    conv1d_weight : The gradient with respect to the weight.

    Notes
    -----
    A convolution is linear in its input, and this is its adjoint, a transposed convolution:
    :math:`\langle conv(x, w), g \rangle = \langle x, conv\_input(w, g) \rangle` [1]_.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> from lucid.nn import grad
    >>> x = lucid.randn(2, 3, 7, requires_grad=True)
    >>> weight = lucid.randn(4, 3, 3)
    >>> y = F.conv1d(x, weight, stride=2)
    >>> y.sum().backward()
    >>> grad_y = lucid.ones_like(y)
    >>> grad_x = grad.conv1d_input(x.shape, weight, grad_y, stride=2)
    >>> bool((grad_x - x.grad).abs().max() < 1e-4)
    True
    """
    return _input(
        1, _conv, ConvInputGrad, input_size, weight, grad_output, stride, padding, dilation, groups
    )


def conv1d_weight(x, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1):
    r"""Compute the gradient of `conv1d` with respect to its weight.

    Parameters
    ----------
    x : Tensor
        The input, (N, C, L), or (C, L).
    weight_size : tuple of int
        Shape of the weight: (F, C // groups, K).
    grad_output : Tensor
        The gradient with respect to the output, in its shape.
    stride : int, default 1
        As in `lucid.nn.functional.conv1d`, like all that follow.
    padding : int or str, default 0
        Zeros on both sides of each axis, ``'valid'`` or ``'same'``.
    dilation : int, default 1
        Positions from one tap of the kernel to the next; at least 1.
    groups : int, default 1
        Parts that the channels are split into.

    Returns
    -------
    Tensor
        Of shape `weight_size`.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    See Also
    --------
    conv1d_input : The gradient with respect to the input.

    Notes
    -----
    Every tap of the kernel met every position of the output once, with the input that lay there;
    the gradient adds the products up [1]_.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> from lucid.nn import grad
    >>> x = lucid.randn(2, 3, 7)
    >>> weight = lucid.randn(4, 3, 3, requires_grad=True)
    >>> y = F.conv1d(x, weight, stride=2)
    >>> y.sum().backward()
    >>> grad_y = lucid.ones_like(y)
    >>> grad_weight = grad.conv1d_weight(x, weight.shape, grad_y, stride=2)
    >>> bool((grad_weight - weight.grad).abs().max() < 1e-3)
    True
    """
    return _weight(1, _conv, x, weight_size, grad_output, stride, padding, dilation, groups)


def conv2d_input(input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1):
    r"""Compute the gradient of `conv2d` with respect to its input.

    Parameters
    ----------
    input_size : tuple of int
        Shape of the input: (N, C, H, W), or (C, H, W).
    weight : Tensor
        (F, C // groups, K_H, K_W).
    grad_output : Tensor
        The gradient with respect to the output, in its shape.
    stride : int or tuple[int, int], default 1
        As in `lucid.nn.functional.conv2d`, like all that follow.
    padding : int, tuple[int, int], or str, default 0
        Zeros on both sides of each axis, ``'valid'`` or ``'same'``.
    dilation : int or tuple[int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.
    groups : int, default 1
        Parts that the channels are split into.

    Returns
    -------
    Tensor
        Of shape `input_size`.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    See Also
    --------
    conv2d_weight : The gradient with respect to the weight.

    Notes
    -----
    A convolution is linear in its input, and this is its adjoint, a transposed convolution:
    :math:`\langle conv(x, w), g \rangle = \langle x, conv\_input(w, g) \rangle` [1]_.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> from lucid.nn import grad
    >>> x = lucid.randn(2, 3, 7, 7, requires_grad=True)
    >>> weight = lucid.randn(4, 3, 3, 3)
    >>> y = F.conv2d(x, weight, stride=2)
    >>> y.sum().backward()
    >>> grad_y = lucid.ones_like(y)
    >>> grad_x = grad.conv2d_input(x.shape, weight, grad_y, stride=2)
    >>> bool((grad_x - x.grad).abs().max() < 1e-4)
    True
    """
    return _input(
        2, _conv, ConvInputGrad, input_size, weight, grad_output, stride, padding, dilation, groups
    )


def conv2d_weight(x, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1):
    r"""Compute the gradient of `conv2d` with respect to its weight.

    Parameters
    ----------
    x : Tensor
        The input, (N, C, H, W), or (C, H, W).
    weight_size : tuple of int
        Shape of the weight: (F, C // groups, K_H, K_W).
    grad_output : Tensor
        The gradient with respect to the output, in its shape.
    stride : int or tuple[int, int], default 1
        As in `lucid.nn.functional.conv2d`, like all that follow.
    padding : int, tuple[int, int], or str, default 0
        Zeros on both sides of each axis, ``'valid'`` or ``'same'``.
    dilation : int or tuple[int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.
    groups : int, default 1
        Parts that the channels are split into.

    Returns
    -------
    Tensor
        Of shape `weight_size`.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    See Also
    --------
    conv2d_input : The gradient with respect to the input.

    Notes
    -----
    Every tap of the kernel met every position of the output once, with the input that lay there;
    the gradient adds the products up [1]_.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> from lucid.nn import grad
    >>> x = lucid.randn(2, 3, 7, 7)
    >>> weight = lucid.randn(4, 3, 3, 3, requires_grad=True)
    >>> y = F.conv2d(x, weight, stride=2)
    >>> y.sum().backward()
    >>> grad_y = lucid.ones_like(y)
    >>> grad_weight = grad.conv2d_weight(x, weight.shape, grad_y, stride=2)
    >>> bool((grad_weight - weight.grad).abs().max() < 1e-3)
    True
    """
    return _weight(2, _conv, x, weight_size, grad_output, stride, padding, dilation, groups)


def conv3d_input(input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1):
    r"""Compute the gradient of `conv3d` with respect to its input.

    Parameters
    ----------
    input_size : tuple of int
        Shape of the input: (N, C, D, H, W), or (C, D, H, W).
    weight : Tensor
        (F, C // groups, K_D, K_H, K_W).
    grad_output : Tensor
        The gradient with respect to the output, in its shape.
    stride : int or tuple[int, int, int], default 1
        As in `lucid.nn.functional.conv3d`, like all that follow.
    padding : int, tuple[int, int, int], or str, default 0
        Zeros on both sides of each axis, ``'valid'`` or ``'same'``.
    dilation : int or tuple[int, int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.
    groups : int, default 1
        Parts that the channels are split into.

    Returns
    -------
    Tensor
        Of shape `input_size`.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    See Also
    --------
    conv3d_weight : The gradient with respect to the weight.

    Notes
    -----
    A convolution is linear in its input, and this is its adjoint, a transposed convolution:
    :math:`\langle conv(x, w), g \rangle = \langle x, conv\_input(w, g) \rangle` [1]_.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> from lucid.nn import grad
    >>> x = lucid.randn(2, 3, 7, 7, 7, requires_grad=True)
    >>> weight = lucid.randn(4, 3, 3, 3, 3)
    >>> y = F.conv3d(x, weight, stride=2)
    >>> y.sum().backward()
    >>> grad_y = lucid.ones_like(y)
    >>> grad_x = grad.conv3d_input(x.shape, weight, grad_y, stride=2)
    >>> bool((grad_x - x.grad).abs().max() < 1e-4)
    True
    """
    return _input(
        3, _conv, ConvInputGrad, input_size, weight, grad_output, stride, padding, dilation, groups
    )


def conv3d_weight(x, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1):
    r"""Compute the gradient of `conv3d` with respect to its weight.

    Parameters
    ----------
    x : Tensor
        The input, (N, C, D, H, W), or (C, D, H, W).
    weight_size : tuple of int
        Shape of the weight: (F, C // groups, K_D, K_H, K_W).
    grad_output : Tensor
        The gradient with respect to the output, in its shape.
    stride : int or tuple[int, int, int], default 1
        As in `lucid.nn.functional.conv3d`, like all that follow.
    padding : int, tuple[int, int, int], or str, default 0
        Zeros on both sides of each axis, ``'valid'`` or ``'same'``.
    dilation : int or tuple[int, int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.
    groups : int, default 1
        Parts that the channels are split into.

    Returns
    -------
    Tensor
        Of shape `weight_size`.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    See Also
    --------
    conv3d_input : The gradient with respect to the input.

    Notes
    -----
    Every tap of the kernel met every position of the output once, with the input that lay there;
    the gradient adds the products up [1]_.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> from lucid.nn import grad
    >>> x = lucid.randn(2, 3, 7, 7, 7)
    >>> weight = lucid.randn(4, 3, 3, 3, 3, requires_grad=True)
    >>> y = F.conv3d(x, weight, stride=2)
    >>> y.sum().backward()
    >>> grad_y = lucid.ones_like(y)
    >>> grad_weight = grad.conv3d_weight(x, weight.shape, grad_y, stride=2)
    >>> bool((grad_weight - weight.grad).abs().max() < 1e-3)
    True
    """
    return _weight(3, _conv, x, weight_size, grad_output, stride, padding, dilation, groups)


def conv_transpose1d_input(
    input_size, weight, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    r"""Compute the gradient of `conv_transpose1d` with respect to its input.

    Parameters
    ----------
    input_size : tuple of int
        Shape of the input: (N, C, L), or (C, L).
    weight : Tensor
        (C, F // groups, K).
    grad_output : Tensor
        The gradient with respect to the output, in its shape.
    stride : int, default 1
        As in `lucid.nn.functional.conv_transpose1d`, like all that follow.
    padding : int, default 0
        Positions cropped from both sides of each axis of the output.
    output_padding : int, default 0
        Positions added on the high side of each axis of the output.
    groups : int, default 1
        Parts that the channels are split into.
    dilation : int, default 1
        Positions from one tap of the kernel to the next; at least 1.

    Returns
    -------
    Tensor
        Of shape `input_size`.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    See Also
    --------
    conv_transpose1d_weight : The gradient with respect to the weight.

    Notes
    -----
    A transposed convolution is linear in its input, and this is its adjoint, a convolution:
    :math:`\langle conv\_transpose(x, w), g \rangle = \langle x, conv(g, w) \rangle` [1]_.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> from lucid.nn import grad
    >>> x = lucid.randn(2, 3, 4, requires_grad=True)
    >>> weight = lucid.randn(3, 4, 3)
    >>> y = F.conv_transpose1d(x, weight, stride=2)
    >>> y.sum().backward()
    >>> grad_y = lucid.ones_like(y)
    >>> grad_x = grad.conv_transpose1d_input(x.shape, weight, grad_y, stride=2)
    >>> bool((grad_x - x.grad).abs().max() < 1e-4)
    True
    """
    return _input(
        1, _transpose, Conv, input_size, weight, grad_output,
        stride, padding, output_padding, groups, dilation,
    )


def conv_transpose1d_weight(
    x, weight_size, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    r"""Compute the gradient of `conv_transpose1d` with respect to its weight.

    Parameters
    ----------
    x : Tensor
        The input, (N, C, L), or (C, L).
    weight_size : tuple of int
        Shape of the weight: (C, F // groups, K).
    grad_output : Tensor
        The gradient with respect to the output, in its shape.
    stride : int, default 1
        As in `lucid.nn.functional.conv_transpose1d`, like all that follow.
    padding : int, default 0
        Positions cropped from both sides of each axis of the output.
    output_padding : int, default 0
        Positions added on the high side of each axis of the output.
    groups : int, default 1
        Parts that the channels are split into.
    dilation : int, default 1
        Positions from one tap of the kernel to the next; at least 1.

    Returns
    -------
    Tensor
        Of shape `weight_size`.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    See Also
    --------
    conv_transpose1d_input : The gradient with respect to the input.

    Notes
    -----
    Every tap of the kernel met every position of the output once, with the input that lay there;
    the gradient adds the products up [1]_.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> from lucid.nn import grad
    >>> x = lucid.randn(2, 3, 4)
    >>> weight = lucid.randn(3, 4, 3, requires_grad=True)
    >>> y = F.conv_transpose1d(x, weight, stride=2)
    >>> y.sum().backward()
    >>> grad_y = lucid.ones_like(y)
    >>> grad_weight = grad.conv_transpose1d_weight(x, weight.shape, grad_y, stride=2)
    >>> bool((grad_weight - weight.grad).abs().max() < 1e-3)
    True
    """
    return _weight(
        1, _transpose, x, weight_size, grad_output,
        stride, padding, output_padding, groups, dilation,
    )


def conv_transpose2d_input(
    input_size, weight, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    r"""Compute the gradient of `conv_transpose2d` with respect to its input.

    Parameters
    ----------
    input_size : tuple of int
        Shape of the input: (N, C, H, W), or (C, H, W).
    weight : Tensor
        (C, F // groups, K_H, K_W).
    grad_output : Tensor
        The gradient with respect to the output, in its shape.
    stride : int or tuple[int, int], default 1
        As in `lucid.nn.functional.conv_transpose2d`, like all that follow.
    padding : int or tuple[int, int], default 0
        Positions cropped from both sides of each axis of the output.
    output_padding : int or tuple[int, int], default 0
        Positions added on the high side of each axis of the output.
    groups : int, default 1
        Parts that the channels are split into.
    dilation : int or tuple[int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.

    Returns
    -------
    Tensor
        Of shape `input_size`.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    See Also
    --------
    conv_transpose2d_weight : The gradient with respect to the weight.

    Notes
    -----
    A transposed convolution is linear in its input, and this is its adjoint, a convolution:
    :math:`\langle conv\_transpose(x, w), g \rangle = \langle x, conv(g, w) \rangle` [1]_.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> from lucid.nn import grad
    >>> x = lucid.randn(2, 3, 4, 4, requires_grad=True)
    >>> weight = lucid.randn(3, 4, 3, 3)
    >>> y = F.conv_transpose2d(x, weight, stride=2)
    >>> y.sum().backward()
    >>> grad_y = lucid.ones_like(y)
    >>> grad_x = grad.conv_transpose2d_input(x.shape, weight, grad_y, stride=2)
    >>> bool((grad_x - x.grad).abs().max() < 1e-4)
    True
    """
    return _input(
        2, _transpose, Conv, input_size, weight, grad_output,
        stride, padding, output_padding, groups, dilation,
    )


def conv_transpose2d_weight(
    x, weight_size, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    r"""Compute the gradient of `conv_transpose2d` with respect to its weight.

    Parameters
    ----------
    x : Tensor
        The input, (N, C, H, W), or (C, H, W).
    weight_size : tuple of int
        Shape of the weight: (C, F // groups, K_H, K_W).
    grad_output : Tensor
        The gradient with respect to the output, in its shape.
    stride : int or tuple[int, int], default 1
        As in `lucid.nn.functional.conv_transpose2d`, like all that follow.
    padding : int or tuple[int, int], default 0
        Positions cropped from both sides of each axis of the output.
    output_padding : int or tuple[int, int], default 0
        Positions added on the high side of each axis of the output.
    groups : int, default 1
        Parts that the channels are split into.
    dilation : int or tuple[int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.

    Returns
    -------
    Tensor
        Of shape `weight_size`.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    See Also
    --------
    conv_transpose2d_input : The gradient with respect to the input.

    Notes
    -----
    Every tap of the kernel met every position of the output once, with the input that lay there;
    the gradient adds the products up [1]_.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> from lucid.nn import grad
    >>> x = lucid.randn(2, 3, 4, 4)
    >>> weight = lucid.randn(3, 4, 3, 3, requires_grad=True)
    >>> y = F.conv_transpose2d(x, weight, stride=2)
    >>> y.sum().backward()
    >>> grad_y = lucid.ones_like(y)
    >>> grad_weight = grad.conv_transpose2d_weight(x, weight.shape, grad_y, stride=2)
    >>> bool((grad_weight - weight.grad).abs().max() < 1e-3)
    True
    """
    return _weight(
        2, _transpose, x, weight_size, grad_output,
        stride, padding, output_padding, groups, dilation,
    )


def conv_transpose3d_input(
    input_size, weight, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    r"""Compute the gradient of `conv_transpose3d` with respect to its input.

    Parameters
    ----------
    input_size : tuple of int
        Shape of the input: (N, C, D, H, W), or (C, D, H, W).
    weight : Tensor
        (C, F // groups, K_D, K_H, K_W).
    grad_output : Tensor
        The gradient with respect to the output, in its shape.
    stride : int or tuple[int, int, int], default 1
        As in `lucid.nn.functional.conv_transpose3d`, like all that follow.
    padding : int or tuple[int, int, int], default 0
        Positions cropped from both sides of each axis of the output.
    output_padding : int or tuple[int, int, int], default 0
        Positions added on the high side of each axis of the output.
    groups : int, default 1
        Parts that the channels are split into.
    dilation : int or tuple[int, int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.

    Returns
    -------
    Tensor
        Of shape `input_size`.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    See Also
    --------
    conv_transpose3d_weight : The gradient with respect to the weight.

    Notes
    -----
    A transposed convolution is linear in its input, and this is its adjoint, a convolution:
    :math:`\langle conv\_transpose(x, w), g \rangle = \langle x, conv(g, w) \rangle` [1]_.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> from lucid.nn import grad
    >>> x = lucid.randn(2, 3, 4, 4, 4, requires_grad=True)
    >>> weight = lucid.randn(3, 4, 3, 3, 3)
    >>> y = F.conv_transpose3d(x, weight, stride=2)
    >>> y.sum().backward()
    >>> grad_y = lucid.ones_like(y)
    >>> grad_x = grad.conv_transpose3d_input(x.shape, weight, grad_y, stride=2)
    >>> bool((grad_x - x.grad).abs().max() < 1e-4)
    True
    """
    return _input(
        3, _transpose, Conv, input_size, weight, grad_output,
        stride, padding, output_padding, groups, dilation,
    )


def conv_transpose3d_weight(
    x, weight_size, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    r"""Compute the gradient of `conv_transpose3d` with respect to its weight.

    Parameters
    ----------
    x : Tensor
        The input, (N, C, D, H, W), or (C, D, H, W).
    weight_size : tuple of int
        Shape of the weight: (C, F // groups, K_D, K_H, K_W).
    grad_output : Tensor
        The gradient with respect to the output, in its shape.
    stride : int or tuple[int, int, int], default 1
        As in `lucid.nn.functional.conv_transpose3d`, like all that follow.
    padding : int or tuple[int, int, int], default 0
        Positions cropped from both sides of each axis of the output.
    output_padding : int or tuple[int, int, int], default 0
        Positions added on the high side of each axis of the output.
    groups : int, default 1
        Parts that the channels are split into.
    dilation : int or tuple[int, int, int], default 1
        Positions from one tap of the kernel to the next; at least 1.

    Returns
    -------
    Tensor
        Of shape `weight_size`.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    See Also
    --------
    conv_transpose3d_input : The gradient with respect to the input.

    Notes
    -----
    Every tap of the kernel met every position of the output once, with the input that lay there;
    the gradient adds the products up [1]_.

    References
    ----------
    .. [1] Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
       section 4.

    Examples
    --------
    >>> import lucid
    >>> import lucid.nn.functional as F
    >>> from lucid.nn import grad
    >>> x = lucid.randn(2, 3, 4, 4, 4)
    >>> weight = lucid.randn(3, 4, 3, 3, 3, requires_grad=True)
    >>> y = F.conv_transpose3d(x, weight, stride=2)
    >>> y.sum().backward()
    >>> grad_y = lucid.ones_like(y)
    >>> grad_weight = grad.conv_transpose3d_weight(x, weight.shape, grad_y, stride=2)
    >>> bool((grad_weight - weight.grad).abs().max() < 1e-3)
    True
    """
    return _weight(
        3, _transpose, x, weight_size, grad_output,
        stride, padding, output_padding, groups, dilation,
    )
