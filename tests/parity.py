"""Random convolutions, and what both libraries compute of them: shared by test and tool."""

import numpy as np

NAMES = [
    f"{lazy}{kind}{ndim}d" for kind in ("Conv", "ConvTranspose") for lazy in ("", "Lazy")
    for ndim in (1, 2, 3)
]


def draw_case(rng, name, large=False):
    """Draw the options of a layer and the shape of an input that it takes."""
    ndim, transposed = int(name[-2]), "Transpose" in name
    most = 2 if ndim == 3 else 4
    groups = int(rng.choice([1, 1, 2, 3]))
    width = int(rng.integers(5, 14)) if large else most
    channels = [groups * int(rng.integers(1, width + 1)) for _ in range(2)]

    def sizes(low, high):
        values = [int(value) for value in rng.integers(low, high + 1, ndim)]
        return values if rng.random() < 0.6 else values[0]

    def each(value):
        return value if isinstance(value, list) else [value] * ndim

    options = dict(kernel_size=sizes(1, most), stride=sizes(1, 3), dilation=sizes(1, 2))
    options.update(groups=groups, bias=bool(rng.random() < 0.7))
    kernel, stride, dilation = (each(options[key]) for key in ("kernel_size", "stride", "dilation"))
    padding = options["padding"] = sizes(0, 2)
    if transposed:
        output_padding = sizes(0, 2)
        limit = [max(s, d) - 1 for s, d in zip(stride, dilation, strict=True)]
        options["output_padding"] = [min(*pair) for pair in zip(each(output_padding), limit)]
        spread = zip(kernel, dilation, each(padding), stride, strict=True)
        # the smallest input with a result of at least one position
        least = [max(1, -((d * (k - 1) - 2 * p) // s) + 1) for k, d, p, s in spread]
    else:
        if rng.random() < 0.2:
            options.update(stride=1, padding="same")
            padding = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        modes = ["zeros"] * 4 + ["reflect", "replicate", "circular"]
        options["padding_mode"] = str(rng.choice(modes))
        spread = zip(kernel, dilation, each(padding), strict=True)
        least = [max(1 + p, d * (k - 1) + 1) for k, d, p in spread]
    size = [low + int(rng.integers(0, 12 if large else 4)) for low in least]
    batch = [[], [0], [1], [2], [3]][int(rng.choice(5, p=[0.1, 0.05, 0.3, 0.35, 0.2]))]
    return dict(name=name, in_channels=channels[0], out_channels=channels[1], options=options,
                x_shape=[*batch, channels[0], *size])


def hashable(options):
    """Turn the lists of JSON into tuples."""
    return {key: tuple(value) if isinstance(value, list) else value
            for key, value in options.items()}


def weight_shape(case):
    """Give the shape of the weight, and of the bias."""
    options, ndim = case["options"], int(case["name"][-2])
    kernel = options["kernel_size"]
    kernel = kernel if isinstance(kernel, (list, tuple)) else [kernel] * ndim
    channels = [case["out_channels"], case["in_channels"]]
    if "Transpose" in case["name"]:
        channels.reverse()
    return (channels[0], channels[1] // options["groups"], *kernel), (case["out_channels"],)


def draw_arrays(rng, case, y_shape, draw):
    """Draw x, w, b, the gradient of y, and what the gradients of x, w and b are multiplied by."""
    w_shape, b_shape = weight_shape(case)
    x_shape = tuple(case["x_shape"])
    arguments = x_shape, w_shape, b_shape
    return [draw(shape) for shape in (*arguments, y_shape, *arguments)]


def derivatives(grad, run, x, w, b, g, vx, vw, vb):
    """Compute y, its gradients, and the gradients of their product with the v.

    The tensors come from one library and so does `grad`; b may be None. Every result is linear in
    each argument, so absolute values in give the sum of absolute products out.
    """
    y = run(x, w, b)
    leaves = [x, w] if b is None else [x, w, b]
    first = grad(y, leaves, g, create_graph=True)
    total = sum((gx * v).sum() for gx, v in zip(first, (vx, vw, vb), strict=False))
    second = grad(total, [x, w, g], allow_unused=True)  # an empty batch uses no weight
    unused = zip(second, (x, w, g), strict=True)
    return [y, *first, *[leaf * 0 if result is None else result for result, leaf in unused]]


def make_layer(nn, case, dtype):
    """Build the layer of a case in one of the libraries."""
    channels = [case["out_channels"]]
    if not case["name"].startswith("Lazy"):
        channels.insert(0, case["in_channels"])
    return getattr(nn, case["name"])(*channels, **hashable(case["options"]), dtype=dtype)


def output_shape(case):
    """Compute the shape of y from the formula."""
    options, ndim = case["options"], int(case["name"][-2])

    def each(key):
        value = options[key]
        return value if isinstance(value, (list, tuple)) else [value] * ndim

    size = case["x_shape"][-ndim:]
    spread = list(zip(size, each("kernel_size"), each("stride"), each("dilation"), strict=True))
    if options["padding"] == "same":
        result = size
    elif "Transpose" in case["name"]:
        result = [
            (n - 1) * s - 2 * p + d * (k - 1) + o + 1
            for (n, k, s, d), p, o in zip(spread, each("padding"), each("output_padding"))
        ]
    else:
        result = [(n + 2 * p - d * (k - 1) - 1) // s + 1
                  for (n, k, s, d), p in zip(spread, each("padding"), strict=True)]
    return (*case["x_shape"][: -ndim - 1], case["out_channels"], *result)


def integers(rng):
    """Return a function that draws small whole numbers: all sums of products are exact."""
    return lambda shape: rng.integers(-3, 4, shape).astype(np.float64)
