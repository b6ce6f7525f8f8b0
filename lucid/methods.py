"""The steps as methods: a base class of Tensor, so that tensor.py stays short."""

from lucid.ops import comparison, elementwise, erf, linalg, reduction, rounding, shaping, smooth

__all__ = []


class Methods:
    """What can be written ``x.exp()`` as well as ``lucid.exp(x)``; each is documented there."""

    abs = elementwise.abs
    add = elementwise.add
    clamp = elementwise.clamp
    cos = elementwise.cos
    div = elementwise.div
    exp = elementwise.exp
    log = elementwise.log
    maximum = elementwise.maximum
    minimum = elementwise.minimum
    mul = elementwise.mul
    neg = elementwise.neg
    pow = elementwise.pow
    relu = elementwise.relu
    sigmoid = elementwise.sigmoid
    sin = elementwise.sin
    sqrt = elementwise.sqrt
    square = elementwise.square
    sub = elementwise.sub
    tanh = elementwise.tanh

    expm1 = smooth.expm1
    lerp = smooth.lerp
    log1p = smooth.log1p
    log2 = smooth.log2
    reciprocal = smooth.reciprocal
    rsqrt = smooth.rsqrt
    tan = smooth.tan

    erf = erf.erf

    ceil = rounding.ceil
    floor = rounding.floor
    floor_divide = rounding.floor_divide
    nan_to_num = rounding.nan_to_num
    remainder = rounding.remainder
    round = rounding.round
    sign = rounding.sign
    trunc = rounding.trunc

    allclose = comparison.allclose
    eq = comparison.eq
    equal = comparison.equal
    ge = comparison.ge
    gt = comparison.gt
    isclose = comparison.isclose
    isfinite = comparison.isfinite
    isinf = comparison.isinf
    isnan = comparison.isnan
    le = comparison.le
    logical_and = comparison.logical_and
    logical_not = comparison.logical_not
    logical_or = comparison.logical_or
    logical_xor = comparison.logical_xor
    lt = comparison.lt
    ne = comparison.ne

    all = reduction.all
    amax = reduction.amax
    amin = reduction.amin
    any = reduction.any
    argmax = reduction.argmax
    argmin = reduction.argmin
    log_softmax = reduction.log_softmax
    logsumexp = reduction.logsumexp
    max = reduction.max
    mean = reduction.mean
    min = reduction.min
    softmax = reduction.softmax
    std = reduction.std
    sum = reduction.sum
    var = reduction.var

    broadcast_to = shaping.broadcast_to
    clone = shaping.clone
    contiguous = shaping.contiguous
    expand = shaping.broadcast_to
    flatten = shaping.flatten
    flip = shaping.flip
    movedim = shaping.movedim
    permute = shaping.permute
    reshape = shaping.reshape
    squeeze = shaping.squeeze
    t = shaping.t
    transpose = shaping.transpose
    unsqueeze = shaping.unsqueeze
    view = shaping.view

    matmul = linalg.matmul
