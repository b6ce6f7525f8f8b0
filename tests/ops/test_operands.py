"""Bringing two operands together, and counting axes."""

import itertools
import math
import threading
import warnings

import numpy as np
import pytest

import lucid
from lucid.ops import operands

BROADCASTS = [
    ((), ()), ((), (3,)), ((1,), (3,)), ((2, 1), (3,)), ((2, 3), (2, 1)), ((2, 1, 3), (4, 1)),
    ((0,), (1,)), ((0, 3), (3,)), ((1, 3), (0, 1)), ((), (0, 2)), ((1,), (2, 0)),
]


@pytest.mark.parametrize(("a", "b"), BROADCASTS, ids=str)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow", "maximum", "minimum"])
def test_shapes_broadcast_as_numpys_and_gradients_come_back_in_shape(a, b, name):
    for shapes in ((a, b), (b, a)):
        x, z = [lucid.rand(shape, dtype=lucid.float64) + 1 for shape in shapes]
        x.requires_grad_(), z.requires_grad_()
        y = getattr(lucid, name)(x, z)
        assert y.shape == np.broadcast_shapes(a, b)
        grads = lucid.autograd.grad(y.sum(), [x, z], create_graph=True)
        assert [g.shape for g in grads] == list(shapes)
        seconds = lucid.autograd.grad(
            sum([(g * g).sum() for g in grads]) + (x * z).sum(), [x, z]
        )
        assert [g.shape for g in seconds] == list(shapes)


@pytest.mark.parametrize(
    ("a", "b", "fault"),
    [((2, 3), (4,), "axis -1 has 3 and 4"), ((2, 3), (3, 3), "axis -2 has 2 and 3"),
     ((0,), (2,), "axis -1 has 0 and 2")],
)
def test_shapes_that_do_not_broadcast_name_the_axis(a, b, fault):
    x, z = lucid.zeros(a), lucid.zeros(b)
    for name in ("add", "sub", "mul", "div", "pow", "maximum", "minimum", "eq", "lt"):
        with pytest.raises(lucid.ShapeError, match=f"{name}: shapes .* do not broadcast: {fault}"):
            getattr(lucid, name)(x, z)


@pytest.mark.parametrize("other", ["a", None, [1, 2], (1,), 1j, object()], ids=repr)
def test_what_is_no_number_is_refused_by_its_type(other):
    kind = type(other).__name__
    for call in (lambda x: x + other, lambda x: other * x, lambda x: lucid.maximum(x, other)):
        with pytest.raises(TypeError, match=f"needs a Tensor or a number beside.*not {kind}"):
            call(lucid.ones(2))


def test_without_a_tensor_the_function_says_so():
    with pytest.raises(TypeError, match="add: needs a Tensor, not int"):
        lucid.add(1, 2)


@pytest.mark.parametrize(("dtype", "number"), [
    ("uint8", 300), ("uint8", -1), ("int32", 2**31), ("int64", 2**63), ("bool", 2**63),
])
def test_an_integer_that_does_not_fit_is_refused(dtype, number):
    x = lucid.ones(2, dtype=dtype)
    for call in (lambda: x + number, lambda: number * x, lambda: x < number):
        with pytest.raises(lucid.DtypeError, match=f"{number} does not fit in .*int.*to "):
            call()
    assert (x.float() + number).tolist() == [float(np.float32(1 + number))] * 2


def test_a_float_that_does_not_fit_is_infinite():
    assert (lucid.ones(1) * 1e300).tolist() == [float("inf")]
    assert (lucid.ones(1, dtype=lucid.float64) * 1e300).tolist() == [1e300]


@pytest.mark.parametrize("number", [70000, 70000.0, -70000])
def test_a_number_that_float16_does_not_hold_is_infinite_without_a_warning(number):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        array = operands.as_number(number, np.dtype(np.float16), "add")
    assert array == np.copysign(np.inf, number)


def test_arrays_stand_beside_tensors_on_either_side():
    x, array = lucid.ones(3), np.arange(3, dtype=np.float32)
    for y in (x + array, array + x, array * x, x * array, x - array, array - x, array / x,
              array**x, array == x, array < x):
        assert isinstance(y, lucid.Tensor)
        assert y.shape == (3,)
    assert (array - x).tolist() == [-1, 0, 1]
    assert (array < x).tolist() == [True, False, False]
    assert (x + array.astype(np.float64)).dtype is lucid.float64


def test_casts_carry_gradients_back_in_their_own_type():
    x = lucid.ones(2, requires_grad=True)
    y = x.double() * 3 + x
    assert y.dtype is lucid.float64
    y.sum().backward()
    assert x.grad.dtype is lucid.float32
    assert x.grad.tolist() == [4, 4]
    assert x.float() is x
    assert operands.as_floating(lucid.arange(2)).dtype is lucid.float32


@pytest.mark.parametrize("ndim", range(4))
def test_axes_count_from_both_ends(ndim):
    for dim in range(-max(ndim, 1), max(ndim, 1)):
        assert operands.check_dim(dim, ndim, "f") == dim % max(ndim, 1)
    for dim in (-max(ndim, 1) - 1, max(ndim, 1)):
        with pytest.raises(lucid.ShapeError, match=f"f: dim={dim} is not an axis of a tensor with "
                                                   f"{ndim} axes; needs"):
            operands.check_dim(dim, ndim, "f")


def test_several_axes():
    assert operands.check_dims(None, 3, "f") == operands.check_dims((), 3, "f") == (0, 1, 2)
    assert operands.check_dims((-1, 0), 3, "f") == (2, 0)
    assert operands.check_dims(0, 0, "f") == ()
    with pytest.raises(lucid.ShapeError, match=r"f: dim=\(0, -2\) names an axis twice"):
        operands.check_dims((0, -2), 2, "f")
    with pytest.raises(TypeError, match="f: dim must be an int, not 1.0"):
        operands.check_dim(1.0, 2, "f")


@pytest.mark.parametrize(("a", "b"), BROADCASTS, ids=str)
def test_summing_is_the_adjoint_of_broadcasting(a, b, check_derivatives):
    shape = np.broadcast_shapes(a, b)
    x = lucid.rand(a, dtype=lucid.float64)
    y = lucid.rand(shape, dtype=lucid.float64)
    left = (x.broadcast_to(shape) * y).sum().item()
    right = (x * operands.sum_to(y, a)).sum().item()
    assert abs(left - right) < 1e-12
    check_derivatives(lambda x: x.broadcast_to(shape), x.numpy())
    check_derivatives(lambda y: operands.sum_to(y, a), y.numpy())


def test_promotion_of_a_stack_of_operations_keeps_float32():
    x = lucid.ones(2)
    for number, shape in itertools.product((2, 2.5, np.float32(2), True), ((2,), ())):
        x = lucid.ones(shape)
        y = ((x + number) * number / number) ** number
        assert y.dtype is lucid.float32


def test_quiet_says_nothing_in_any_thread_and_changes_no_setting():
    a, zero = np.ones(2), np.zeros(2)
    found = []
    threads = [threading.Thread(target=lambda: found.append(operands.quiet(np.divide, a, zero)))
               for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.append(operands.quiet(np.divide, a, zero))
    assert [each.tolist() for each in found] == [[math.inf] * 2] * 4
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.divide(a, zero)
