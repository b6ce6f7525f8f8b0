"""Every kernel equals the definition, on a table of geometries, bit for bit on small integers."""

import itertools
import pickle
import random
import threading
import time
from math import prod

import numpy as np
import pytest

from lucid import kernels
from lucid._cython import workspace
from lucid.errors import DtypeError, ShapeError
from lucid.geometry import conv_geometry, conv_transpose_geometry
from lucid.kernels import convolution, registry


PRIMITIVES = ("conv", "conv_input_grad", "conv_weight_grad")
BUILT_IN = (
    "auto", "naive", "im2col", "direct", "winograd", "matmul", "product", "unfolded",
    "winograd_strided", "winograd_rows", "pointwise", "features", "clipped",
)


def case(
    input_size, kernel, stride=1, dilation=1, low=0, high=None, channels=(1, 1), groups=1, n=2
):
    """One row of the table: what it takes to make a Geometry and arrays for it."""
    ndim = len(input_size)
    spread = [
        each if isinstance(each, tuple) else (each,) * ndim
        for each in (kernel, stride, dilation, low, low if high is None else high)
    ]
    kernel, stride, dilation, low, high = spread
    c, f = channels
    geometry = conv_geometry(
        (n, c * groups, *input_size), (f * groups, c, *kernel), stride,
        tuple(zip(low, high, strict=True)), dilation, groups,
    )
    return n, c, f, geometry


def table():
    """The geometries: named corners first, then some picked by a fixed seed."""
    rows = {
        "one pixel": case((1, 1), 1),
        "one pixel, padded": case((1, 1), 3, low=1, channels=(3, 37)),
        "kernel as large as the image": case((5, 4), (5, 4), channels=(3, 8)),
        "kernel as large as the image, groups": case((3, 5), (3, 5), channels=(7, 9), groups=2),
        "kernel larger than the image": case((2, 3), 5, low=2, channels=(2, 9)),
        "1x1": case((7, 9), 1, channels=(37, 3)),
        "1x1 to few": case((33, 40), 1, channels=(9, 2)),
        "1x1 from few, groups": case((7, 5, 31), 1, channels=(3, 8), groups=2),
        "1x1 stride 2": case((7, 9), 1, stride=2, channels=(5, 16)),
        "3x3 same": case((13, 17), 3, low=1, channels=(37, 37)),
        "long rows": case((3, 224), 3, low=1, channels=(3, 8)),
        "7x7 stride 2": case((21, 30), 7, stride=2, low=3, channels=(3, 16)),
        "uneven padding": case((6, 8), 4, low=1, high=2, channels=(4, 4)),
        "large low": case((4, 4), 3, low=9, channels=(2, 3)),
        "cropped": case((9, 9), 3, low=-2, high=-1, channels=(2, 3)),
        "stride beyond the kernel": case((11, 12), 2, stride=5, channels=(2, 3)),
        "dilation meets stride": case((19, 19), 3, stride=2, dilation=2, low=2, channels=(3, 8)),
        "dilation 3, stride 2": case((19, 16), 3, stride=2, dilation=3, low=3, channels=(3, 8)),
        "stride 6, dilation 4": case((40,), 5, stride=6, dilation=4, low=7, channels=(2, 5)),
        "taps that see only padding": case((3,), 3, dilation=50, low=50, channels=(2, 2)),
        "depthwise": case((10, 11), 3, low=1, groups=37),
        "depthwise, multiplier 2": case((8, 8), 5, low=2, channels=(1, 2), groups=3),
        "groups": case((9, 9), 3, low=1, channels=(3, 5), groups=4),
        "signal": case((300,), 3, dilation=8, low=16, high=0, channels=(16, 16)),
        "many channels": case((5, 5), 3, low=1, channels=(300, 40), n=1),
        "volume": case((5, 6, 7), 3, low=1, channels=(3, 8)),
        "volume, all different": case(
            (5, 8, 9), (2, 3, 1), (1, 2, 3), (2, 1, 2), (1, 0, 2), channels=(2, 9)
        ),
        "one item": case((8, 8), 3, channels=(8, 8), n=1),
        "rows without gaps": case((14, 14), 5, channels=(6, 16)),
        "stride 2, phases side by side": case((3, 70), 4, stride=2, low=1, channels=(3, 5)),
        "stride 2, an odd length": case((5, 71), (3, 2), stride=2, low=1, high=2, channels=(9, 5)),
        "stride 2, a signal": case((99,), 5, stride=2, dilation=3, low=5, channels=(2, 3)),
        "features of one register": case((7, 9), 3, channels=(5, 16)),
        "several blocks": case((70, 90), 3, low=1, channels=(40, 9), n=1),
    }
    choose = random.Random(0).choice
    while len(rows) < 90:
        ndim = choose((1, 2, 3))
        sizes = [[choose(each) for _ in range(ndim)] for each in (
            (1, 2, 5, 8, 13), (1, 2, 3, 4), (1, 1, 2, 3), (1, 1, 2, 3), (0, 1, 2, 3, -1), (0, 1, 2),
        )]
        size, kernel, stride, dilation, low, high = map(tuple, sizes)
        channels = choose(((1, 1), (1, 3), (3, 1), (2, 9), (9, 2), (17, 3)))
        try:
            row = case(size, kernel, stride, dilation, low, high, channels, choose((1, 1, 2, 3)))
        except ShapeError:
            continue  # the kernel does not fit
        rows[f"{size} kernel {kernel} stride {stride} dilation {dilation} low {low}"] = row
    return rows


TABLE = table()
each_geometry = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def arrays(row, dtype, seed=0):
    """Small integers, on which every order of summation gives the same bits: x, w, y."""
    n, c, f, geometry = row
    rng, groups = np.random.default_rng(seed), geometry.groups
    shapes = (
        (n, c * groups, *geometry.input_size), (f * groups, c, *geometry.kernel_size),
        (n, f * groups, *geometry.output_size),
    )
    return [rng.integers(-4, 5, shape).astype(dtype) for shape in shapes]


def compute(primitive, x, w, y, geometry):
    if primitive == "conv":
        return kernels.conv(x, w, geometry)
    if primitive == "conv_input_grad":
        return kernels.conv_input_grad(y, w, geometry)
    return kernels.conv_weight_grad(x, y, geometry)


@pytest.fixture(params=[1, 2])
def threads(request, monkeypatch):
    monkeypatch.setattr(convolution, "PARALLEL_FROM", 0)
    before = kernels.get_num_threads()
    kernels.set_num_threads(request.param)
    yield request.param
    kernels.set_num_threads(before)


@pytest.fixture
def highest():
    """Sums of the definition's products only, in float32 too."""
    kernels.set_float32_precision("highest")
    yield
    kernels.set_float32_precision("high")


def windows_by_einsum(x, w, geometry):
    """The definition once more, without any code of lucid: pad, view windows, sum."""
    ndim, groups = geometry.ndim, geometry.groups
    for axis in range(ndim):
        extent = geometry.dilation[axis] * (geometry.kernel_size[axis] - 1) + 1
        need = (geometry.output_size[axis] - 1) * geometry.stride[axis] + extent
        low = geometry.low[axis]
        high = need - low - x.shape[2 + axis]
        pads = [(0, 0)] * x.ndim
        pads[2 + axis] = (max(low, 0), max(high, 0))
        x = np.pad(x, pads)
        x = np.moveaxis(np.moveaxis(x, 2 + axis, 0)[max(-low, 0) :][:need], 0, 2 + axis)
    taps = zip(geometry.dilation, geometry.kernel_size, strict=True)
    extents = [d * (k - 1) + 1 for d, k in taps]
    view = np.lib.stride_tricks.sliding_window_view(x, extents, tuple(range(2, x.ndim)))
    step = tuple(slice(None, None, s) for s in geometry.stride)
    tap = tuple(slice(None, None, d) for d in geometry.dilation)
    view = view[(slice(None), slice(None), *step, *tap)]
    n, channels, features = x.shape[0], x.shape[1] // groups, w.shape[0] // groups
    view = view.reshape(n, groups, channels, prod(geometry.output_size), prod(geometry.kernel_size))
    w = w.reshape(groups, features, channels, prod(geometry.kernel_size))
    return np.einsum("ngcok,gfck->ngfo", view, w).reshape(n, -1, *geometry.output_size)


@each_geometry
def test_naive_is_the_definition(row):
    x, w, _ = arrays(row, np.float64)
    with kernels.use("naive"):
        assert np.array_equal(kernels.conv(x, w, row[3]), windows_by_einsum(x, w, row[3]))


@each_dtype
@each_geometry
def test_every_kernel_equals_naive(row, dtype, threads, highest):
    x, w, y = arrays(row, dtype)
    for primitive in PRIMITIVES:
        with kernels.use("naive"):
            wanted = compute(primitive, x, w, y, row[3])
        for name in BUILT_IN:
            with kernels.use(name):
                found = compute(primitive, x, w, y, row[3])
            assert found.dtype == dtype
            assert np.array_equal(found, wanted), f"{name} {primitive}"


@each_geometry
@pytest.mark.parametrize("name", BUILT_IN)
def test_the_three_primitives_are_adjoint(row, name):
    x, w, y = arrays(row, np.float64)
    geometry = row[3]
    with kernels.use(name):
        product = np.vdot(kernels.conv(x, w, geometry), y)
        assert np.vdot(x, kernels.conv_input_grad(y, w, geometry)) == product
        assert np.vdot(w, kernels.conv_weight_grad(x, y, geometry)) == product


@each_dtype
@pytest.mark.parametrize("name", BUILT_IN)
def test_bits_do_not_depend_on_the_number_of_threads(name, dtype, monkeypatch):
    monkeypatch.setattr(convolution, "PARALLEL_FROM", 0)
    before = kernels.get_num_threads()
    rng = np.random.default_rng(1)
    for n, c, f, geometry in itertools.islice(TABLE.values(), 27):
        integers = arrays((n, c, f, geometry), dtype)
        x, w, y = (rng.standard_normal(a.shape).astype(dtype) for a in integers)
        for primitive in PRIMITIVES:
            results = []
            for count in (1, 2, 3):
                kernels.set_num_threads(count)
                with kernels.use(name):
                    results.append(compute(primitive, x, w, y, geometry))
            kernels.set_num_threads(before)
            assert all(np.array_equal(results[0], other) for other in results[1:]), primitive


@pytest.mark.parametrize("name", BUILT_IN)
def test_threads_that_share_a_range_of_tasks_give_the_same_bits(name, monkeypatch):
    monkeypatch.setattr(convolution, "PARALLEL_FROM", 0)
    before = kernels.get_num_threads()
    rng = np.random.default_rng(1)
    c, f, geometry = case((13, 17), 3, low=1, channels=(16, 16))[1:]
    x, w, y = (rng.standard_normal(a.shape) for a in arrays((20, c, f, geometry), "float32"))
    x, w, y = (a.astype("float32") for a in (x, w, y))
    for primitive in PRIMITIVES:
        results = []
        for count in (1, 67):  # turns.pxd has 64 ranges
            kernels.set_num_threads(count)
            with kernels.use(name):
                results.append(compute(primitive, x, w, y, geometry))
        kernels.set_num_threads(before)
        assert np.array_equal(results[0], results[1]), primitive


@each_dtype
@pytest.mark.parametrize("name", BUILT_IN)
def test_bits_of_an_item_do_not_depend_on_its_batch(name, dtype):
    rng = np.random.default_rng(1)
    for row in itertools.islice(TABLE.values(), 27):
        c, f, geometry = row[1:]
        x, w, y = (
            rng.standard_normal(each.shape).astype(dtype)
            for each in arrays((7, c, f, geometry), dtype)
        )
        with kernels.use(name):
            for primitive in PRIMITIVES[:2]:
                together = compute(primitive, x, w, y, geometry)
                for n in (0, 3, 6):
                    alone = compute(primitive, x[n : n + 1], w, y[n : n + 1], geometry)
                    assert np.array_equal(together[n], alone[0]), primitive


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_error_is_that_of_a_direct_sum(name):
    n, c, f, geometry = case((13, 17), 3, low=1, channels=(64, 16))
    rng = np.random.default_rng(2)
    integers = arrays((n, c, f, geometry), np.float32)
    x, w, _ = (rng.standard_normal(a.shape).astype(np.float32) for a in integers)
    with kernels.use(name):
        found = kernels.conv(x, w, geometry)
    exact = windows_by_einsum(x.astype(np.float64), w.astype(np.float64), geometry)
    bound = windows_by_einsum(abs(x).astype(np.float64), abs(w).astype(np.float64), geometry)
    assert (abs(found - exact) <= (c * 9 + 16) * 2.0**-24 * bound).all()


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_nan_stays_in_its_window(name):
    n, c, f, geometry = case((12, 12), 3, low=1, channels=(3, 9), n=1)
    x, w, y = arrays((n, c, f, geometry), np.float32)
    x[0, 1, 5, 6] = np.nan
    with kernels.use(name):
        hit = np.isnan(kernels.conv(x, w, geometry)).any(axis=(0, 1))
    assert set(zip(*np.nonzero(hit), strict=True)) == set(itertools.product((4, 5, 6), (5, 6, 7)))


@each_dtype
def test_bias_is_added_to_every_position(dtype):
    row = case((5, 6), 3, low=1, channels=(3, 4))
    x, w, y = arrays(row, dtype)
    bias_y, bias_x = np.arange(4).astype(dtype), np.arange(3).astype(dtype)
    found = kernels.conv(x, w, row[3], bias_y)
    assert np.array_equal(found, kernels.conv(x, w, row[3]) + bias_y[:, None, None])
    found = kernels.conv_input_grad(y, w, row[3], bias_x)
    assert np.array_equal(found, kernels.conv_input_grad(y, w, row[3]) + bias_x[:, None, None])


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize(("n", "channels"), [(0, (3, 4)), (2, (3, 0)), (2, (0, 4))])
def test_empty_arrays_give_zeros_of_the_right_shape(name, n, channels):
    c, f = channels
    geometry = case((5, 6), 3)[3]
    x, w, y = (np.ones(shape, np.float32) for shape in ((n, c, 5, 6), (f, c, 3, 3), (n, f, 3, 4)))
    with kernels.use(name):
        assert np.array_equal(kernels.conv(x, w, geometry), np.zeros_like(y))
        assert np.array_equal(kernels.conv_input_grad(y, w, geometry), np.zeros_like(x))
        assert np.array_equal(kernels.conv_weight_grad(x, y, geometry), np.zeros_like(w))


def misaligned(x):
    raw = np.zeros(x.nbytes + 1, np.uint8)
    view = raw[1:].view(x.dtype).reshape(x.shape)
    view[...] = x
    return view


STRANGE = {
    "transposed": lambda x: np.ascontiguousarray(x.T).T,
    "strided": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "reversed": lambda x: x[..., ::-1].copy()[..., ::-1],
    "other byte order": lambda x: x.astype(x.dtype.newbyteorder()),
    "misaligned": misaligned,
    "read only": lambda x: np.lib.stride_tricks.as_strided(x, writeable=False),
    "a subclass": lambda x: x.view(np.ma.MaskedArray),
}


@pytest.mark.parametrize("name", ["naive", "auto"])
@pytest.mark.parametrize("change", STRANGE.values(), ids=STRANGE)
def test_strange_arrays_are_taken_and_not_written(change, name):
    row = case((6, 7), 3, low=1, channels=(3, 9))
    originals = arrays(row, np.float32)
    strange = [change(each) for each in originals]
    for primitive in PRIMITIVES:
        with kernels.use(name):
            found = compute(primitive, *strange, row[3])
            assert np.array_equal(found, compute(primitive, *originals, row[3]))
        assert type(found) is np.ndarray
        assert found.dtype == np.float32
        assert all(map(np.array_equal, strange, originals))


@pytest.mark.parametrize("primitive", PRIMITIVES)
def test_arrays_from_one_pickle_whose_dtype_is_another_object_are_taken(primitive):
    row = case((6, 11), 3, channels=(5, 7))  # of no other test, whose calls would be looked up
    originals = arrays(row, np.float32)
    found = compute(primitive, *pickle.loads(pickle.dumps(originals)), row[3])
    assert np.array_equal(found, compute(primitive, *originals, row[3]))


@pytest.mark.parametrize("primitive", PRIMITIVES)
@pytest.mark.parametrize("name", ["auto", "direct", "unfolded"])
def test_a_huge_dilation_does_not_copy_what_lies_between_taps_for_every_row(name, primitive):
    row = case((9, 10_005, 18), 2, dilation=(4, 10_000, 5), low=2, stride=2, channels=(2, 3))
    operands = arrays(row, np.float32)
    start = time.process_time()
    with kernels.use(name):
        found = compute(primitive, *operands, row[3])
    assert time.process_time() - start < 2  # it was 13
    with kernels.use("naive"):
        assert np.array_equal(found, compute(primitive, *operands, row[3]))


def test_two_dtypes_meet_in_the_larger():
    x, w, _ = arrays(case((4,), 3), np.float32)
    assert kernels.conv(x, w.astype(np.float64), case((4,), 3)[3]).dtype == np.float64


@pytest.mark.parametrize("dtype", [np.int64, np.complex64, np.float16, np.bool_])
def test_a_dtype_that_is_not_floating_is_refused(dtype):
    geometry = case((4,), 3)[3]
    with pytest.raises(DtypeError, match="needs float32 or float64: convert"):
        kernels.conv(np.ones((1, 1, 4), dtype), np.ones((1, 1, 3), dtype), geometry)


def test_shapes_that_do_not_fit_the_geometry_are_refused():
    geometry = case((5, 6), 3, channels=(3, 4))[3]
    x, w, y = np.ones((2, 3, 5, 6)), np.ones((4, 3, 3, 3)), np.ones((2, 4, 3, 4))
    with pytest.raises(ShapeError, match=r"input of shape \(2, 3, 5, 7\).*needs \(N, 3, 5, 6\)"):
        kernels.conv(np.ones((2, 3, 5, 7)), w, geometry)
    with pytest.raises(ShapeError, match=r"input of shape \(2, 2, 5, 6\).*needs \(N, 3, 5, 6\)"):
        kernels.conv(np.ones((2, 2, 5, 6)), w, geometry)
    with pytest.raises(ShapeError, match=r"weight of shape \(4, 3, 3, 2\).*kernel \(3, 3\)"):
        kernels.conv(x, np.ones((4, 3, 3, 2)), geometry)
    with pytest.raises(ShapeError, match=r"weight of shape \(5, 3, 3, 3\).*groups=2"):
        kernels.conv(x, np.ones((5, 3, 3, 3)), case((5, 6), 3, groups=2)[3])
    with pytest.raises(ShapeError, match=r"output of shape \(2, 5, 3, 4\).*needs \(N, 4, 3, 4\)"):
        kernels.conv_input_grad(np.ones((2, 5, 3, 4)), w, geometry)
    with pytest.raises(ShapeError, match="batches of 2 and 1 items; they must be equal"):
        kernels.conv_weight_grad(x, y[:1], geometry)
    with pytest.raises(ShapeError, match=r"bias of shape \(3,\).*needs \(4,\)"):
        kernels.conv(x, w, geometry, np.ones(3))


def test_a_result_too_large_is_a_memory_error_with_its_shape():
    geometry = conv_transpose_geometry((1, 1, 2), (1, 1, 1), stride=(2**40,))
    y, w = np.ones((1, 1, 2), np.float32), np.ones((1, 1, 1), np.float32)
    with pytest.raises(MemoryError, match=rf"\(1, 1, {2**40 + 1}\) in float32"):
        kernels.conv_input_grad(y, w, geometry)
    geometry = conv_transpose_geometry((1, 1, 2), (1, 1, 1), stride=(2**59,))
    with pytest.raises(MemoryError, match=rf"\(4, 1, {2**59 + 1}\) in float32"):
        kernels.conv_input_grad(np.ones((4, 1, 2), np.float32), w, geometry)


def test_a_users_kernel_joins_and_leaves_the_rest_to_auto(monkeypatch):
    monkeypatch.setattr(registry, "kernels", dict(registry.kernels))
    calls = []

    def forward(x, w, y, stride, dilation, low, groups, threads):
        for each in (x, w, y):
            assert (each.ndim, each.flags.c_contiguous, each.dtype) == (5, True, np.float32)
        assert not y.any()
        calls.append((stride, dilation, low, groups))
        y += 7

    kernels.register("seven", forward)
    row = case((5, 6), 3, stride=(1, 2), low=(0, 1), channels=(3, 4))
    x, w, y = arrays(row, np.float32)
    wanted = compute("conv_input_grad", x, w, y, row[3])
    with kernels.use("seven"):
        assert (compute("conv", x, w, y, row[3]) == 7).all()
        assert np.array_equal(compute("conv_input_grad", x, w, y, row[3]), wanted)
    assert calls == [((1, 1, 2), (1, 1, 1), (0, 0, 1), 1)]
    assert "seven" in kernels.list()


@pytest.mark.parametrize("module", ["conv_naive", "conv_im2col", "conv_direct", "conv_matmul"])
def test_a_compiled_function_refuses_none(module):
    function = kernels.get(module.removeprefix("conv_")).forward["float"]
    x = np.ones((1, 1, 1, 1, 1), np.float32)
    for place in range(3):
        views = [x.copy(), x.copy(), x.copy()]
        views[place] = None
        with pytest.raises(TypeError, match="must not be None"):
            function(*views, (1, 1, 1), (1, 1, 1), (0, 0, 0), 1, 1)


def test_two_python_threads_compute_at_once():
    row = TABLE["several blocks"]
    x, w, y = arrays(row, np.float32)
    wanted = [compute(primitive, x, w, y, row[3]) for primitive in PRIMITIVES]
    wrong = []

    def work():
        for _ in range(10):
            for primitive, right in zip(PRIMITIVES, wanted, strict=True):
                if not np.array_equal(compute(primitive, x, w, y, row[3]), right):
                    wrong.append(primitive)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_winograd_computes_float32_where_it_is_exact_enough():
    n, c, f, geometry = case((20, 20), 3, low=1, channels=(48, 16), n=1)
    rng = np.random.default_rng(0)
    x, w, y = (
        rng.standard_normal(a.shape).astype(np.float32)
        for a in arrays((n, c, f, geometry), np.float32)
    )

    def by(name, dtype=np.float32):
        with kernels.use(name):
            return kernels.conv(x.astype(dtype), w.astype(dtype), geometry)

    assert np.array_equal(by("auto"), by("winograd"))
    assert not np.array_equal(by("auto"), by("direct"))
    assert np.array_equal(by("winograd", np.float64), by("direct", np.float64))
    kernels.set_float32_precision("highest")
    assert kernels.get_float32_precision() == "highest"
    assert np.array_equal(by("auto"), by("direct"))
    kernels.set_float32_precision("high")
    assert np.array_equal(by("auto"), by("winograd"))


def test_workspace_is_bounded_and_freed_on_request():
    row = TABLE["several blocks"]
    compute("conv", *arrays(row, np.float32), row[3])
    assert 0 < workspace.held() <= workspace.LIMIT
    kernels.empty_workspace()
    assert workspace.held() == 0
