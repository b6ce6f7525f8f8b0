"""The steps as methods: a base class of Tensor, so that tensor.py stays short."""

from lucid.ops import (
    alike, comparison, diagonals, elementwise, erf, gathering, linalg, masking, products, reduction,
    repeating, rounding, scan, shaping, smooth, sorting, splitting, statistics, windows,
)

__all__ = []


class Methods:
    """What can be written ``x.exp()`` as well as ``lucid.exp(x)``; each is documented there."""

    abs = elementwise.abs
    add = elementwise.add
    clamp = elementwise.clamp
    clip = elementwise.clamp
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

    def where(self, condition, other):
        """Keep the elements where a condition holds, and take another's elsewhere.

        Parameters
        ----------
        condition : Tensor of bool
            Where to keep; its shape broadcasts with the others.
        other : Tensor or number
            What to take where the condition does not hold.

        Returns
        -------
        Tensor
            ``lucid.where(condition, self, other)``.

        Examples
        --------
        >>> import lucid
        >>> x = lucid.tensor([-1.0, 2.0])
        >>> x.where(x > 0, 0.0)
        tensor([0., 2.])
        """
        return elementwise.where(condition, self, other)

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
    swapaxes = shaping.swapaxes
    t = shaping.t
    transpose = shaping.transpose
    unflatten = shaping.unflatten
    unsqueeze = shaping.unsqueeze
    view = shaping.view

    expand_as = alike.expand_as
    new_full = alike.new_full
    new_ones = alike.new_ones
    new_zeros = alike.new_zeros
    type_as = alike.type_as
    view_as = alike.view_as

    gather = gathering.gather
    index_add = gathering.index_add
    index_select = gathering.index_select
    scatter = gathering.scatter
    scatter_add = gathering.scatter_add
    take_along_dim = gathering.take_along_dim

    masked_fill = masking.masked_fill
    masked_select = masking.masked_select
    nonzero = masking.nonzero

    cumprod = scan.cumprod
    cumsum = scan.cumsum

    argsort = sorting.argsort
    median = sorting.median
    sort = sorting.sort
    topk = sorting.topk
    unique = sorting.unique

    bincount = statistics.bincount
    count_nonzero = statistics.count_nonzero
    norm = statistics.norm
    prod = statistics.prod
    var_mean = statistics.var_mean

    chunk = splitting.chunk
    narrow = splitting.narrow
    select = splitting.select
    split = splitting.split
    unbind = splitting.unbind

    repeat = repeating.repeat
    repeat_interleave = repeating.repeat_interleave
    roll = repeating.roll
    tile = repeating.tile

    diag = diagonals.diag
    diagonal = diagonals.diagonal
    tril = diagonals.tril
    triu = diagonals.triu

    as_strided = windows.as_strided
    storage_offset = windows.storage_offset
    unfold = windows.unfold

    addmm = products.addmm
    bmm = products.bmm
    dot = products.dot
    mm = products.mm
    mv = products.mv
    outer = products.outer

    matmul = linalg.matmul
