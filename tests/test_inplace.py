"""Changes in place: they are seen everywhere, counted, and refused where a gradient gets lost."""

import re

import numpy as np
import pytest
from comparison import check_differences, check_like

import lucid

METHODS = {
    "add_": lambda x, v: x.add_(v), "sub_": lambda x, v: x.sub_(v), "mul_": lambda x, v: x.mul_(v),
    "div_": lambda x, v: x.div_(v), "copy_": lambda x, v: x.copy_(v),
}
NUMPY = {
    "add_": np.add, "sub_": np.subtract, "mul_": np.multiply, "div_": np.divide,
    "copy_": lambda a, b: np.broadcast_to(b, a.shape),
}
each_method = pytest.mark.parametrize("name", METHODS)


@each_method
@pytest.mark.parametrize(
    "other", [3.0, np.float32(2), [[1.0, 2.0, 4.0]], [[1.0], [2.0]], [[1.0] * 3] * 2], ids=str
)
def test_values_are_numpys_and_the_object_is_the_same(name, other):
    x = lucid.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    array, before = x.array, x.numpy().copy()
    operand = lucid.tensor(other) if isinstance(other, list) else other
    assert METHODS[name](x, operand) is x
    assert x.array is array
    assert np.allclose(array, NUMPY[name](before, np.asarray(other)))
    assert x.version == 1


def test_fill_zero_clamp_and_alpha():
    x = lucid.arange(4)
    assert x.fill_(3).tolist() == [3, 3, 3, 3]
    assert x.fill_(lucid.tensor(5)).tolist() == [5, 5, 5, 5]
    assert x.zero_().tolist() == [0, 0, 0, 0]
    assert lucid.arange(4).clamp_(1, 2).tolist() == [1, 1, 2, 2]
    assert lucid.arange(2).add_(5, alpha=2).tolist() == [10, 11]
    assert lucid.arange(2).sub_(lucid.arange(2), alpha=3).tolist() == [0, -2]


VIEWS = {
    "slice": lambda x: x[1:], "step": lambda x: x[::-2], "one": lambda x: x[0, 0],
    "row": lambda x: x[1], "None": lambda x: x[None], "T": lambda x: x.T, "mT": lambda x: x.mT,
    "reshape": lambda x: x.reshape(-1), "view": lambda x: x.view(3, 2),
    "flatten": lambda x: x.flatten(), "squeeze": lambda x: x[:, :1].squeeze(1),
    "unsqueeze": lambda x: x.unsqueeze(0), "permute": lambda x: x.permute(1, 0),
    "movedim": lambda x: x.movedim(0, 1), "detach": lambda x: x.detach(), "data": lambda x: x.data,
    "view of a view": lambda x: x[1:].T[0].unsqueeze(0),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_view_shares_memory_and_version(view):
    for x in (lucid.zeros(2, 3), lucid.zeros(4, 3)[1:3], lucid.from_numpy(np.zeros((2, 3)))):
        y = view(x)
        assert np.shares_memory(x.array, y.array)
        y.fill_(7)
        assert y.numpy().min() == 7
        assert (x.array == 7).sum() == y.numel()
        assert x.version == y.version == 1
        x.zero_()
        assert (y.array == 0).all()
        assert x.version == y.version == 2


COPIES = {
    "clone": lambda x: x.clone(), "list": lambda x: x[[0, 1]], "mask": lambda x: x[x == 0],
    "flip": lambda x: x.flip(0), "add": lambda x: x + 0, "double": lambda x: x.double(),
    "cat": lambda x: lucid.cat([x]), "reshape": lambda x: x.T.reshape(-1),
    "contiguous": lambda x: x.T.contiguous(),
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_a_copy_shares_nothing(copy):
    x = lucid.zeros(2, 3)
    y = copy(x)
    assert not np.shares_memory(x.array, y.array)
    y.fill_(7)
    assert x.version == 0


OPERATORS = {
    "+=": (lambda x, v: x.__iadd__(v), lambda x, v: x + v),
    "-=": (lambda x, v: x.__isub__(v), lambda x, v: x - v),
    "*=": (lambda x, v: x.__imul__(v), lambda x, v: x * v),
    "/=": (lambda x, v: x.__itruediv__(v), lambda x, v: x / v),
}
each_operator = pytest.mark.parametrize(("operator", "step"), OPERATORS.values(), ids=OPERATORS)


@each_operator
def test_an_operator_is_in_place_where_nothing_is_recorded(operator, step):
    x = lucid.ones(2)
    expected = step(x, 3.0).tolist()
    assert operator(x, 3.0) is x
    assert x.tolist() == expected
    w = lucid.ones(2, requires_grad=True)
    with lucid.no_grad():
        assert operator(w, 3.0) is w


@each_operator
def test_an_operator_makes_a_new_tensor_where_a_gradient_is_recorded(operator, step):
    for x_grad, w_grad in ((True, True), (True, False), (False, True)):
        x = lucid.tensor([2.0, 3.0], requires_grad=x_grad)
        w = lucid.tensor([4.0, 5.0], requires_grad=w_grad)
        y = operator(x * 1 if x_grad else x, w)
        assert y.requires_grad
        assert x.tolist() == [2, 3]
        wanted = [each for each in (x, w) if each.requires_grad]
        got = lucid.autograd.grad(y.sum(), wanted)
        expected = lucid.autograd.grad(step(x, w).sum(), wanted)
        assert [g.tolist() for g in got] == [g.tolist() for g in expected]


@each_operator
def test_an_operator_does_not_change_a_leaf_that_requires_grad(operator, step):
    w = lucid.ones(2, requires_grad=True)
    with pytest.raises(lucid.GradError, match="would change a tensor that requires grad"):
        operator(w, 3.0)
    assert w.tolist() == [1, 1]


WRITES = {
    **METHODS, "fill_": lambda x, v: x.fill_(v.sum() if lucid_tensor(v) else v),
    "zero_": lambda x, v: x.zero_(), "x[key] = value": lambda x, v: x.__setitem__(0, v),
    "clamp_": lambda x, v: x.clamp_(0, 1),
}


def lucid_tensor(x):
    return isinstance(x, lucid.Tensor)


@pytest.mark.parametrize("name", WRITES)
def test_what_requires_grad_is_not_changed_behind_its_graph(name):
    w = lucid.ones(2, requires_grad=True)
    shown = re.escape(name) if name not in ("fill_", "zero_") else "copy_"
    with pytest.raises(lucid.GradError, match=f"{shown} would change a tensor that requires"):
        WRITES[name](w, 3.0)
    y = w * 1
    view = y[:]
    for seen in (y, view):
        with pytest.raises(lucid.GradError, match=f"{shown}: .* shares its memory with other"):
            WRITES[name](seen, 3.0)
    assert w.tolist() == y.tolist() == [1, 1]
    assert w.version == y.version == 0
    with lucid.no_grad():
        WRITES[name](w, 3.0)
    assert w.version == 1


@each_method
def test_a_recorded_method_has_derivatives(name, torch):
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(1, 2, (2, 3)), rng.uniform(1, 2, (3,))]

    def into_a_result(library, x, w):
        y = x * 3
        METHODS[name](y, w + 1)
        y.clamp_(min=1.2)
        return y * x

    def into_new_memory(library, x, w):
        y = library.ones(2, 3, dtype=x.dtype)
        METHODS[name](y, x)
        METHODS[name](y, 2.5)
        y.add_(w, alpha=2)
        return y.sub_(x) ** 2

    for function in (into_a_result, into_new_memory):
        if torch is not None:
            check_like(lucid, torch, function, arrays)
        check_differences(lucid, lambda *x, f=function: f(lucid, *x), arrays)


def test_a_recorded_change_keeps_the_type():
    x = lucid.ones(2, requires_grad=True)
    w = lucid.ones(2, dtype=lucid.float64, requires_grad=True)
    y = (x * 1).mul_(w * 3)
    assert y.dtype is lucid.float32
    y.sum().backward()
    assert (x.grad.tolist(), w.grad.tolist()) == ([3, 3], [3, 3])


def test_a_recorded_change_keeps_the_object_and_its_memory():
    x = lucid.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    array = y.array
    y.retain_grad()
    assert y.mul_(3).zero_().add_(x) is y
    assert y.array is array
    assert y.version == 3
    (y * y).sum().backward()
    assert x.grad.tolist() == [2, 4]
    assert y.grad.tolist() == [2, 4]
    with pytest.raises(lucid.ShapeError, match=r"shape \(3, 2\) does not fit into \(2,\)"):
        (x * 1).add_(lucid.zeros(3, 2))
    with pytest.raises(lucid.ShapeError, match="copy_: into shape"):
        (x * 1).copy_(lucid.zeros(3))


def test_a_value_that_requires_grad_is_not_written_away():
    x, w = lucid.zeros(2).long(), lucid.tensor(1.0, requires_grad=True)
    for name in ("copy_", "fill_", "x[key] = value"):
        with pytest.raises(lucid.GradError, match="the gradient of the value.*would be lost"):
            WRITES[name](x, w)
        assert x.version == 0


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: x.add_(lucid.zeros(3, 2)), lucid.ShapeError,
         r"a result of shape \(3, 2\) does not fit into \(2,\)"),
        (lambda x: x.add_(lucid.zeros(1, 2)), lucid.ShapeError, r"shape \(1, 2\) does not fit"),
        (lambda x: x.add_(lucid.zeros(3)), lucid.ShapeError, "axis -1 has 2 and 3"),
        (lambda x: x.copy_(lucid.zeros(1, 2)), lucid.ShapeError, r"shape \(1, 2\) does not fit"),
        (lambda x: x.copy_(np.zeros(3)), lucid.ShapeError, r"shape \(3,\) does not fit"),
        (lambda x: x.fill_(lucid.zeros(2)), lucid.ShapeError, r"one number, not shape \(2,\)"),
        (lambda x: x.long().add_(0.5), lucid.DtypeError, "float32 does not fit into int64"),
        (lambda x: x.long().div_(2), lucid.DtypeError, "float32 does not fit into int64"),
        (lambda x: x.bool().add_(1), lucid.DtypeError, "int64 does not fit into bool"),
        (lambda x: x.byte().add_(300), lucid.DtypeError, "300 does not fit in uint8"),
        (lambda x: x.expand(2, 2).zero_(), ValueError, r"read-only, as of expand\(\)"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_changes(call, kind, message):
    x = lucid.tensor([1.0, 2.0])
    with pytest.raises(kind, match=message):
        call(x)
    assert x.tolist() == [1, 2]
    assert x.version == 0


def test_the_type_of_the_target_stays():
    assert lucid.zeros(1).add_(lucid.ones(1, dtype=lucid.float64)).dtype is lucid.float32
    assert lucid.zeros(1, dtype=lucid.int32).add_(lucid.arange(1)).dtype is lucid.int32
    assert lucid.zeros(2).copy_(lucid.tensor([True, False])).tolist() == [1, 0]


def test_writing_over_itself_moved_is_as_if_copied_first():
    x = lucid.arange(5)
    x[1:] = x[:-1]
    assert x.tolist() == [0, 0, 1, 2, 3]
    x = lucid.arange(4)
    x.add_(x.flip(0)).sub_(x[::-1])
    assert x.tolist() == [0, 0, 0, 0]


def test_empty_tensors_take_writes():
    assert lucid.zeros(0, 3).add_(1).fill_(2).shape == (0, 3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_drawing_in_place(dtype):
    x = lucid.empty(2000, dtype=dtype)
    assert x.uniform_(-3, 5) is x
    assert x.version == 1
    assert x.dtype.name == dtype
    assert x.amin().item() >= -3
    assert x.amax().item() < 5
    assert abs(x.mean().item() - 1) < 0.3
    assert x.normal_(10, 2) is x
    assert abs(x.mean().item() - 10) < 0.3
    assert abs(x.std().item() - 2) < 0.2
    first = x.normal_(generator=lucid.Generator(1)).tolist()
    assert x.normal_(generator=lucid.Generator(1)).tolist() == first
    assert lucid.empty(()).uniform_().shape == ()
    x[::2].uniform_(7, 7)
    assert (x[::2] == 7).all()
    for call, kind, message in (
        (lambda: x.uniform_(2, 1), ValueError, "uniform_: from_=2 is above to=1"),
        (lambda: x.normal_(0, -1), ValueError, "normal_: std=-1 must be at least 0"),
        (lambda: x.long().uniform_(), lucid.DtypeError, "needs float32 or float64, not int64"),
        (lambda: x.half().normal_(), lucid.DtypeError, "needs float32 or float64, not float16"),
        (lambda: x.requires_grad_().normal_(), lucid.GradError, "normal_ would change a tensor"),
    ):
        with pytest.raises(kind, match=message):
            call()


SQUARE = lucid.tensor([[0, 1, 2], [2, 0, 1]])
STEPS = {
    "exp_": (lambda x, y: x.exp_(), lambda x, y: x.exp()),
    "sqrt_": (lambda x, y: x.sqrt_(), lambda x, y: x.sqrt()),
    "relu_": (lambda x, y: x.relu_(), lambda x, y: x.relu()),
    "pow_": (lambda x, y: x.pow_(3), lambda x, y: x.pow(3)),
    "pow_ of a tensor": (lambda x, y: x.pow_(y), lambda x, y: x**y),
    "lerp_": (lambda x, y: x.lerp_(y, 0.3), lambda x, y: x + 0.3 * (y - x)),
    "addcmul_": (lambda x, y: x.addcmul_(y, y, value=2), lambda x, y: x + 2 * y * y),
    "addcdiv_": (lambda x, y: x.addcdiv_(y[:1], y), lambda x, y: x + y[:1] / y),
    "masked_fill_": (
        lambda x, y: x.masked_fill_(y > 1, 2.0), lambda x, y: x.masked_fill(y > 1, 2.0)),
    "scatter_": (
        lambda x, y: x.scatter_(1, SQUARE, y), lambda x, y: x.scatter(1, SQUARE, y)),
    "scatter_ of a number": (
        lambda x, y: x.scatter_(1, SQUARE[:, :2], value=3.0),
        lambda x, y: x.scatter(1, SQUARE[:, :2], 3.0)),
    "scatter_add_": (
        lambda x, y: x.scatter_add_(1, SQUARE, y), lambda x, y: x.scatter_add(1, SQUARE, y)),
    "index_add_": (
        lambda x, y: x.index_add_(0, SQUARE[1, 1:], y, alpha=2),
        lambda x, y: x.index_add(0, SQUARE[1, 1:], y, alpha=2)),
}
each_step = pytest.mark.parametrize(("in_place", "step"), STEPS.values(), ids=STEPS)


def two_tables():
    rng = np.random.default_rng(0)
    return [lucid.tensor(rng.uniform(0.5, 2, (2, 3))) for _ in range(2)]


@each_step
def test_a_step_in_place_gives_the_values_of_the_step(in_place, step):
    x, y = two_tables()
    wanted, array = step(x, y), x.array
    assert in_place(x, y) is x and x.array is array and x.version == 1
    assert np.allclose(array, wanted.array)


@each_step
def test_a_step_in_place_is_recorded_twice_over(in_place, step):
    x, y = two_tables()
    check_differences(lucid, lambda x, y: in_place(x * y, y) * y, [x.numpy(), y.numpy()])
    x.requires_grad_(), y.requires_grad_()
    with pytest.raises(lucid.GradError, match="_ would change a tensor that requires grad"):
        in_place(x, y.detach())
    z = x * 1
    view = z[0]
    with pytest.raises(lucid.GradError, match="shares its memory"):
        in_place(z, y)
    assert view.tolist() == x[0].tolist()


def test_integers_do_not_become_fractions_in_place():
    for write in (lambda x: x.exp_(), lambda x: x.sqrt_(), lambda x: x.addcdiv_(x, x + 1)):
        with pytest.raises(lucid.DtypeError, match="float.* does not fit into int64"):
            write(lucid.arange(3))


def test_adam_as_courses_write_it():
    x, g = lucid.tensor([1.0, -2.0]), lucid.tensor([0.5, 4.0])
    m, v = lucid.zeros(2), lucid.zeros(2)
    m.mul_(0.9).add_(g, alpha=0.1)
    v.mul_(0.999).addcmul_(g, g, value=0.001)
    x.addcdiv_(m / 0.1, (v / 0.001).sqrt().add_(1e-8), value=-0.1)
    assert np.allclose(x.array, [0.9, -2.1])


@pytest.mark.parametrize("name", ["add_", "sub_", "mul_", "div_"])
def test_an_operand_that_sees_what_is_written_is_refused(name):
    x = lucid.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = x * 1
    view = y[...]
    for written, operand in ((y, view), (view, y), (y, y[0]), (x[...], x)):
        with pytest.raises(lucid.GradError, match=f"{name}: .* shares its memory with other"):
            getattr(written, name)(operand)
    assert x.tolist() == y.tolist() == view.tolist() == [[1, 2], [3, 4]]
    del view, written, operand
    y.add_(y).sum().backward()
    assert (y == 2 * x).all() and (x.grad == 2).all()
