"""Every operation, function and layer as an expression that lucid and PyTorch compute alike.

In an expression `L` is the library, `F` its functions, `N` makes a layer's parameters known
numbers, and `x`, `y`, `z` are tensors of the shapes behind it, with normal numbers. `{}` is each of
the names in front. A name is held here if a case has it in front.
"""

from pathlib import Path

import numpy as np
from comparison import derivatives

REFERENCE = Path(__file__).with_name("operations.json")
A, X1, X2, X3 = (3, 4), (2, 4, 9), (2, 4, 6, 7), (2, 4, 5, 6, 4)

# names, an expression with gradients, shapes
SMOOTH = [
    ("abs neg sign exp expm1 square reciprocal sin cos tan tanh sigmoid erf relu round floor ceil "
     "trunc nan_to_num", "L.{}(x)", A),
    ("log log1p log2 sqrt rsqrt", "L.{}(x.abs() + 0.5)", A),
    ("add sub mul div maximum minimum", "L.{}(x, y)", A, A), ("add mul div", "L.{}(x, y)", A, (4,)),
    ("max min", "L.{}(x, y)", A, A), ("add sub", "L.{}(x, y, alpha=3)", A, A),
    ("pow", "L.pow(x, 3)", A), ("pow", "L.pow(2.0, x)", A), ("pow", "L.pow(x.abs() + 1, y)", A, A),
    ("remainder", "L.remainder(x, y.abs() + 0.5)", A, A), ("remainder", "L.remainder(x, 0.7)", A),
    ("clamp", "L.clamp(x, -0.5, 0.5)", A), ("clamp", "L.clamp(x, min=0.1)", A),
    ("where", "L.where(x > 0, x, y)", A, A), ("lerp", "L.lerp(x, y, 0.3)", A, A),
    ("lerp", "L.lerp(x, y, z)", A, A, A),
    ("sum mean prod var std max min median", "L.{}(x)", A),
    ("sum mean prod var std logsumexp amax amin cumsum cumprod softmax log_softmax", "L.{}(x, 1)",
     A),
    ("sum mean amax amin logsumexp var std", "L.{}(x, (0, 1), keepdim=True)", A),
    ("max min median sort", "L.{}(x, 1)[0]", A), ("var std", "L.{}(x, 0, correction=0)", A),
    ("topk", "L.topk(x, 2)[0]", A),
    ("var_mean", "L.var_mean(x, 1)[0] + L.var_mean(x, 1)[1]", A),
    ("norm", "L.norm(x)", A), ("norm", "L.norm(x, 1, 1)", A), ("norm", "L.norm(x, 3, 1)", A),
    ("norm", "L.norm(x, float('inf'), 0)", A), ("sort", "L.sort(x, 0, descending=True)[0]", A),
    ("reshape", "L.reshape(x, (2, 6))", A), ("flatten", "L.flatten(x, 1)", X2),
    ("unflatten", "L.unflatten(x, 1, (2, 2))", A), ("squeeze", "L.squeeze(x, 1)", (3, 1, 4)),
    ("unsqueeze", "L.unsqueeze(x, 1)", A), ("transpose swapaxes", "L.{}(x, 0, 1)", A),
    ("permute", "L.permute(x, (2, 0, 3, 1))", X2), ("movedim", "L.movedim(x, 1, -1)", X2),
    ("t", "L.t(x)", A), ("broadcast_to", "L.broadcast_to(x, (2, 3, 4))", A),
    ("tile", "L.tile(x, (2, 1, 3))", A), ("repeat_interleave", "L.{}(x, 2, 1)", A),
    ("repeat_interleave", "L.{}(x, L.tensor([1, 0, 2]), 0)", A),
    ("cat stack", "L.{}([x, y], 1)", A, A),
    ("split chunk", "L.{}(x, 2, 1)[1]", A), ("unbind", "L.unbind(x, 1)[2]", A),
    ("flip", "L.flip(x, [0, 1])", A), ("roll", "L.roll(x, (1, -1), (0, 1))", A),
    ("tril triu", "L.{}(x, 1)", A), ("diag", "L.diag(x)", (5,)), ("diag", "L.diag(x, 1)", A),
    ("diagonal", "L.diagonal(x, -1, 1, 2)", (2, 4, 4)),
    ("gather", "L.gather(x, 1, L.tensor([[0, 1], [2, 3], [3, 3]]))", A),
    ("take_along_dim", "L.{}(x, L.tensor([[0, 1], [2, 3], [3, 3]]), 1)", A),
    ("scatter", "L.{}(x, 1, L.tensor([[0, 1], [2, 3], [3, 0]]), y)", A, (3, 2)),
    ("scatter_add", "L.{}(x, 1, L.tensor([[0, 1], [3, 3], [3, 3]]), y)", A, (3, 2)),
    ("index_select", "L.{}(x, 1, L.tensor([1, 1, 3]))", A),
    ("index_add", "L.{}(x, 1, L.tensor([1, 1]), y)", A, (3, 2)),
    ("masked_select", "L.{}(x, x > 0)", A), ("masked_fill", "L.{}(x, x > 0, 2.0)", A),
    ("meshgrid", "L.{0}(x, y, indexing='ij')[0] * L.{0}(x, y, indexing='ij')[1]", (5,), (3,)),
    ("narrow", "L.narrow(x, 1, 1, 2)", A), ("select", "L.select(x, 1, 2)", A),
    ("as_strided", "L.as_strided(x, (2, 3), (1, 2))", A), ("clone", "L.clone(x)", A),
    ("matmul mm", "L.{}(x, y)", A, (4, 3)), ("matmul", "L.{}(x, y)", (2, 3, 4), (4,)),
    ("matmul", "L.{}(x, y)", (2, 1, 3, 4), (5, 4, 2)), ("bmm", "L.bmm(x, y)", (2, 3, 4), (2, 4, 3)),
    ("mv", "L.mv(x, y)", A, (4,)), ("dot", "L.dot(x, y)", (5,), (5,)),
    ("outer", "L.outer(x, y)", (5,), (3,)),
    ("einsum", "L.einsum('bij,bjk->ik', x, y)", (2, 3, 4), (2, 4, 3)),
    ("tensordot", "L.tensordot(x, y, dims=([1], [1]))", A, A),
    ("addmm", "L.addmm(x, y, z, beta=0.5, alpha=2)", (3, 3), A, (4, 3)),
    ("linalg.norm", "L.linalg.norm(x)", (4, 4)), ("linalg.det", "L.linalg.det(x)", (2, 4, 4)),
    ("linalg.inv", "L.linalg.inv(x + 3 * L.eye(4, dtype=x.dtype))", (2, 4, 4)),
    ("linalg.svd", "L.linalg.svd(x, full_matrices=False)[1]", A),
    ("linalg.qr", "L.linalg.qr(x + 3 * L.eye(4, dtype=x.dtype))[1] ** 2", (2, 4, 4)),
    ("linalg.solve", "L.linalg.solve(x + 3 * L.eye(4, dtype=x.dtype), y)", (2, 4, 4), (2, 4, 3)),
    ("Tensor.view", "x.view(2, 6)", A), ("Tensor.T", "x.T", A), ("Tensor.mT", "x.mT", X1),
    ("Tensor.expand", "x.expand(2, 3, 4)", A), ("Tensor.repeat", "x.repeat(2, 1, 3)", A),
    ("Tensor.unfold", "x.unfold(1, 2, 1)", A), ("Tensor.contiguous", "x.T.contiguous()", A),
    ("Tensor.to", "x.to(L.float64).to(x.dtype)", A), ("Tensor.type", "x.type(x.dtype)", A),
    ("Tensor.float Tensor.double", "x.float().double().to(x.dtype)", A),
    ("Tensor.zero_", "(x * 1).zero_() + x", A), ("Tensor.fill_", "(x * y).fill_(2.0) * x", A, A),
    ("Tensor.copy_", "(x * 1).copy_(y * x)", A, A),
    ("Tensor.add_", "(x * y).add_(y, alpha=2)", A, A),
    ("Tensor.sub_", "(x * y).sub_(y)", A, A), ("Tensor.mul_", "(x * 2).mul_(y)", A, A),
    ("Tensor.div_", "(x * y).div_(y + 9)", A, A),
    ("Tensor.clamp_", "(x * y).clamp_(-0.3, 0.3)", A, A),
    ("F.relu F.relu6 F.leaky_relu F.elu F.selu F.gelu F.silu F.mish F.softplus F.sigmoid F.tanh "
     "F.hardtanh F.hardswish", "{}(2 * x)", A),
    ("F.gelu", "{}(x, approximate='tanh')", A), ("F.softplus", "{}(x, 2.0, 1.0)", A),
    ("F.elu", "{}(x, 0.7)", A),
    ("F.leaky_relu", "{}(x, 0.3)", A),
    ("F.hardtanh", "{}(x, -0.2, 1.0)", A),
    ("F.prelu", "{}(x, y)", X2, (4,)), ("F.softmax F.log_softmax", "{}(x, dim=1)", X2),
    ("F.glu", "{}(x, 1)", X2), ("F.linear", "{}(x, y, z)", A, A, (3,)),
    ("F.bilinear", "{}(x, y, z)", A, A, (5, 4, 4)),
    ("F.embedding", "{}(L.tensor([[0, 2], [1, 2]]), x)", A),
    ("F.interpolate", "{}(x, size=(9, 11), mode='bicubic')", X2),
    ("F.interpolate", "{}(x, size=(4, 9), mode='bicubic', align_corners=True)", X2),
    ("F.layer_norm", "{}(x, (6, 7), y, z)", X2, (6, 7), (6, 7)),
    ("F.pixel_shuffle", "{}(x, 2)", X2), ("F.pixel_unshuffle", "{}(x, 2)", (2, 3, 4, 6)),
    ("F.channel_shuffle", "{}(x, 2)", X2), ("F.unfold", "{}(x, (2, 3), 2, 1, 1)", X2),
    ("F.fold", "{}(x, (4, 5), (2, 2), stride=1)", (2, 8, 12)),
    ("F.cross_entropy", "{}(x, L.tensor([0, 3, 1]), label_smoothing=0.1)", A),
    ("F.cross_entropy", "{}(x, y.softmax(1))", A, A),
    ("F.cross_entropy", "{}(x, L.tensor([0, -100, 1]), weight=L.arange(1, 5).to(x.dtype))", A),
    ("F.cross_entropy", "{}(x, L.arange(18).reshape(2, 9) % 4, reduction='none')", X1),
    ("F.nll_loss", "{}(x.log_softmax(1), L.tensor([0, 3, 1]))", A),
    ("F.binary_cross_entropy", "{}(x.sigmoid(), y.sigmoid())", A, A),
    ("F.binary_cross_entropy_with_logits", "{}(x, y.sigmoid(), pos_weight=y[0].exp().detach())",
     A, A),
    ("F.mse_loss F.l1_loss F.smooth_l1_loss F.huber_loss", "{}(x, y)", A, A),
    ("F.mse_loss F.l1_loss F.smooth_l1_loss F.huber_loss", "{}(x, y, reduction='none')", A, A),
    ("F.huber_loss", "{}(x, y, delta=0.4)", A, A), ("F.smooth_l1_loss", "{}(x, y, beta=0.4)", A, A),
    ("F.kl_div", "{}(x.log_softmax(1), y.softmax(1), reduction='batchmean')", A, A),
    ("F.kl_div", "{}(x, y, log_target=True, reduction='sum')", A, A),
    ("F.hinge_embedding_loss", "{}(x, 1 - 2 * (L.arange(12).reshape(3, 4) % 2).to(x.dtype))", A),
    ("F.cosine_embedding_loss", "{}(x, y, L.tensor([1, -1, 1]), margin=0.1)", A, A),
    ("F.triplet_margin_loss", "{}(x, y, z)", A, A, A),
    ("F.gaussian_nll_loss", "{}(x, y, z.exp(), full=True)", A, A, A),
    ("F.normalize", "{}(x)", A), ("F.cosine_similarity", "{}(x, y)", A, A),
    ("F.dropout F.dropout2d F.alpha_dropout", "{}(x, 0.5, False)", X2),
    ("F.dropout1d", "{}(x, 0.5, False)", X1), ("F.dropout3d", "{}(x, 0.5, False)", X3),
    ("nn.Identity nn.ReLU nn.ReLU6 nn.LeakyReLU nn.ELU nn.SELU nn.GELU nn.SiLU nn.Mish nn.Softplus "
     "nn.Sigmoid nn.Tanh nn.Hardtanh nn.Hardswish nn.Softmax2d", "N(L.{}(), 2 * x)", X2),
    ("nn.PReLU nn.BatchNorm2d nn.InstanceNorm2d", "N(L.{}(4), x)", X2),
    ("nn.Softmax nn.LogSoftmax nn.GLU nn.Flatten", "N(L.{}(1), x)", X2),
    ("nn.Linear", "N(L.{}(4, 3), x)", A), ("nn.LazyLinear", "N(L.{}(3), x)", A),
    ("nn.Bilinear", "N(L.{}(4, 4, 3), x, y)", A, A),
    ("nn.Embedding", "N(L.{}(5, 3), L.tensor([4, 0])) * x", (1,)),
    ("nn.LayerNorm", "N(L.{}((6, 7)), x)", X2), ("nn.GroupNorm", "N(L.{}(2, 4), x)", X2),
    ("nn.LocalResponseNorm nn.PixelShuffle nn.ChannelShuffle", "N(L.{}(2), x)", X2),
    ("nn.PixelUnshuffle", "N(L.{}(2), x)", (2, 3, 4, 6)),
    ("nn.UpsamplingNearest2d nn.UpsamplingBilinear2d", "N(L.{}(scale_factor=2), x)", X2),
    ("nn.Upsample", "N(L.{}((9, 4), mode='bilinear'), x)", X2),
    ("nn.Unflatten", "N(L.{}(1, (2, 2)), x)", X2), ("nn.Unfold", "N(L.{}(2, padding=1), x)", X2),
    ("nn.Fold", "N(L.{}((4, 5), 2), x)", (2, 8, 12)),
    ("nn.MSELoss nn.L1Loss nn.SmoothL1Loss nn.HuberLoss", "N(L.{}(), x, y)", A, A),
    ("nn.BCELoss", "N(L.{}(), x.sigmoid(), y.sigmoid())", A, A),
    ("nn.BCEWithLogitsLoss", "N(L.{}(), x, y.sigmoid())", A, A),
    ("nn.KLDivLoss", "N(L.{}(reduction='batchmean'), x.log_softmax(1), y.softmax(1))", A, A),
    ("nn.CrossEntropyLoss", "N(L.{}(label_smoothing=0.1), x, L.tensor([0, 3, 1]))", A),
    ("nn.NLLLoss", "N(L.{}(ignore_index=3), x.log_softmax(1), L.tensor([0, 3, 1]))", A),
    ("nn.HingeEmbeddingLoss", "N(L.{}(0.5), x, y.sign().detach())", A, A),
    ("nn.CosineEmbeddingLoss", "N(L.{}(0.1), x, y, L.tensor([1, -1, 1]))", A, A),
    ("nn.TripletMarginLoss", "N(L.{}(), x, y, z)", A, A, A),
    ("nn.GaussianNLLLoss", "N(L.{}(), x, y, z.exp())", A, A, A),
    ("nn.Dropout nn.Dropout2d nn.AlphaDropout", "N(L.{}().eval(), x)", X2),
    ("nn.Dropout1d", "N(L.{}().eval(), x)", X1), ("nn.Dropout3d", "N(L.{}().eval(), x)", X3),
]
# what PyTorch differentiates only once
ROUGH = [
    ("F.hardsigmoid", "{}(x)", A), ("nn.Hardsigmoid", "N(L.{}(), x)", A),
    ("F.multi_margin_loss", "{}(x, L.tensor([0, 3, 1]), p=2)", A),
    ("nn.MultiMarginLoss", "N(L.{}(), x, L.tensor([0, 3, 1]))", A),
]
EXACT = [
    ("isnan isinf isfinite logical_not", "L.{}(x)", A), ("argmax argmin argsort", "L.{}(x, 1)", A),
    ("eq ne lt le gt ge logical_and logical_or logical_xor isclose", "L.{}(x.round(), y.round())",
     A, A),
    ("floor_divide", "L.{}(x, y.abs() + 0.5)", A, A),
    ("allclose equal", "L.tensor(L.{}(x, y))", A, A),
    ("argmax argmin", "L.{}(x)", A),
    ("any all", "L.{}(x > 0, 1)", A), ("any all", "L.{}(x > 0)", A), ("nonzero", "L.{}(x > 0)", A),
    ("unique", "L.{}(x.round())", A), ("count_nonzero", "L.{}(x.round(), 1)", A),
    ("bincount", "L.{}((x * 3).abs().long())", (9,)), ("F.one_hot", "{}(L.tensor([0, 2]), 4)", A),
    ("topk", "L.{}(x, 2)[1]", A),
    ("sort", "L.{}(x, 0)[1]", A),
    ("max min median", "L.{}(x, 1)[1]", A),
    ("Tensor.long Tensor.int Tensor.bool", "x.{}()", A),
]

for n, X in enumerate((X1, X2, X3), start=1):
    k, size = f"{n}d", (7, 9, 5)[:n]
    line = ("linear", "bilinear", "trilinear")[n - 1]
    conv, transposed = (6, 2, *(2,) * n), (4, 3, *(2,) * n)
    SMOOTH += [
        (f"F.max_pool{k}", "{}(x, 3, 2, 1)", X), (f"F.avg_pool{k}", "{}(x, 2, ceil_mode=True)", X),
        (f"F.max_pool{k}", "{}(x, 2, 1, 0, 2, ceil_mode=True)", X),
        (f"F.avg_pool{k}", "{}(x, 3, 2, 1, count_include_pad=False)", X),
        (f"F.adaptive_avg_pool{k} F.adaptive_max_pool{k}", "{}(x, 3)", X),
        (f"F.lp_pool{k}", "{}(x.abs() + 0.1, 3, 2)", X),
        (f"F.max_unpool{k}", f"{{}}(*F.max_pool{k}(x, 2, return_indices=True), 2, "
         f"output_size={X[2:]})", X),
        (f"F.conv{k}", "{}(x, y, z, stride=2, padding=1, dilation=2, groups=2)", X, conv, (6,)),
        (f"F.conv_transpose{k}", "{}(x, y, z, stride=2, padding=1, output_padding=1, groups=2)", X,
         transposed, (6,)),
        ("F.batch_norm", "{}(x, None, None, y, z, True)", X, (4,), (4,)),
        ("F.batch_norm", "{}(x, y.detach(), z.exp().detach(), y, z)", X, (4,), (4,)),
        ("F.instance_norm", "{}(x, weight=y, bias=z)", X, (4,), (4,)),
        ("F.group_norm", "{}(x, 2, y, z)", X, (4,), (4,)), ("F.local_response_norm", "{}(x, 3)", X),
        ("F.interpolate F.upsample", "F.interpolate(x, scale_factor=2)", X),
        ("F.interpolate", f"{{}}(x, size={size}, mode='{line}')", X),
        ("F.interpolate", f"{{}}(x, size={size}, mode='{line}', align_corners=True)", X),
        *[("F.pad", f"{{}}(x, {(1, 2) * n}, mode='{mode}')", X)
          for mode in ("constant", "reflect", "replicate", "circular")],
        (f"nn.MaxPool{k} nn.AvgPool{k} nn.AdaptiveAvgPool{k} nn.AdaptiveMaxPool{k}",
         "N(L.{}(2), x)", X),
        (f"nn.LPPool{k}", "N(L.{}(2, 2), x)", X),
        (f"nn.MaxUnpool{k}", f"N(L.{{}}(2), *F.max_pool{k}(x[..., :4], 2, return_indices=True), "
         f"output_size={(*X[2:-1], 4)})", X),
        (f"nn.BatchNorm{k} nn.InstanceNorm{k}", "N(L.{}(4), x)", X),
        (f"nn.LazyBatchNorm{k} nn.LazyInstanceNorm{k}", "N(L.{}(), x)", X),
        (f"nn.Conv{k} nn.ConvTranspose{k}", "N(L.{}(4, 6, 2, 2, groups=2), x)", X),
        (f"nn.LazyConv{k} nn.LazyConvTranspose{k}", "N(L.{}(6, 2, 2, groups=2), x)", X),
        (f"nn.ZeroPad{k} nn.ReflectionPad{k} nn.ReplicationPad{k} nn.CircularPad{k}",
         "N(L.{}(1), x)", X),
        (f"nn.ConstantPad{k}", "N(L.{}(1, 0.5), x)", X),
        *[(f"nn.grad.conv{k}_{what}", f"L.{{}}({first}, {second}, z, 2, 1, 1, 2)", *shapes)
          for what, first, second, shapes in (
              ("input", X, "y", (X, conv, (2, 6, *((m + 2 - 2) // 2 + 1 for m in X[2:])))),
              ("weight", "x", conv, (X, conv, (2, 6, *((m + 2 - 2) // 2 + 1 for m in X[2:])))),
          )],
    ]

KINDS = {"smooth": SMOOTH, "rough": ROUGH, "exact": EXACT}
CASES = {}  # key: names that it holds, kind, expression, shapes
for kind, rows in KINDS.items():
    for names, expression, *shapes in rows:
        for name in names.split():
            written = expression.format(name.removeprefix("Tensor."))
            key = f"{written}, {', '.join(map(str, shapes))}".replace("L.nn.", "nn.")
            held = CASES[key][0] if key in CASES else set()
            CASES[key] = held | {name}, kind, written, shapes


def arrays_of(key, dtype):
    """Draw the numbers of a case: the same ones in every run."""
    rng = np.random.default_rng(sum(map(ord, key)))
    return [rng.standard_normal(shape).astype(dtype) for shape in CASES[key][3]]


def compute(library, key, dtype):
    """Compute a case: y, for smooth ones its gradients, and the gradients of those."""
    _, kind, expression, _ = CASES[key]

    def known(layer, *inputs, **options):
        """Call a layer with parameters that are known, after it has learnt their shapes."""
        layer.to(getattr(library, np.dtype(dtype).name))
        layer(*inputs, **options)
        for parameter in layer.parameters():
            values = np.cos(np.arange(parameter.numel())).reshape(parameter.shape).astype(dtype)
            parameter.data = library.tensor(values)
        return layer(*inputs, **options)

    names = {"L": library, "F": library.nn.functional, "N": known}
    function = eval(f"lambda x, y=None, z=None: {expression}", names)
    arrays = arrays_of(key, dtype)
    if kind == "smooth":
        return derivatives(library, function, arrays)
    x = [library.tensor(array, requires_grad=kind == "rough") for array in arrays]
    y = function(*x)
    if kind == "rough":
        y.sum().backward()
    return [y.detach().numpy(), *(each.grad.numpy() for each in x if each.grad is not None)]


def digest(results):
    """Make of each result what is stored: its shape, its sum, and a product with known numbers."""
    rows = []
    for result in results:
        flat = np.asarray(result, np.float64).ravel()
        numbers = flat.sum(), flat @ np.cos(np.arange(flat.size))
        rows.append([list(result.shape), *(float(f"{number:.11g}") for number in numbers)])
    return rows
