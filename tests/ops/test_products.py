"""Products whose shapes say which is meant: PyTorch's numbers and derivatives."""

import numpy as np
import pytest

import lucid

random = np.random.default_rng(5)
SHAPES = {
    "mm": [(2, 3), (3, 4)], "bmm": [(5, 2, 3), (5, 3, 4)], "mv": [(2, 3), (3,)],
    "dot": [(3,), (3,)], "outer": [(2,), (3,)], "addmm": [(4,), (2, 3), (3, 4)],
}


@pytest.mark.parametrize("name", SHAPES)
def test_values_and_derivatives(name, check_step):
    arrays = [random.standard_normal(shape) for shape in SHAPES[name]]
    check_step(lambda library, *x: getattr(library, name)(*x), *arrays)
    check_step(lambda _, x, *rest: getattr(x, name)(*rest) ** 2, *arrays)


@pytest.mark.parametrize("shape", [(), (4,), (2, 1), (2, 4)], ids=str)
def test_addmm_with_factors(shape, check_step):
    arrays = [random.standard_normal(each) for each in (shape, (2, 3), (3, 4))]
    check_step(lambda library, *x: library.addmm(*x, beta=0.5, alpha=-2), *arrays)
    nan = lucid.full(shape, float("nan"))
    assert lucid.isfinite(nan.addmm(lucid.ones(2, 3), lucid.ones(3, 4), beta=0)).all()


def test_whole_numbers_and_nothing():
    x = lucid.tensor([1, 2])
    assert x.outer(x).tolist() == [[1, 2], [2, 4]]
    assert x.dot(x).item() == 5
    assert lucid.outer(lucid.zeros(0), lucid.ones(2)).shape == (0, 2)
    assert lucid.mm(lucid.zeros(2, 0), lucid.zeros(0, 3)).tolist() == [[0] * 3] * 2


M, V, B = lucid.ones(2, 3), lucid.ones(3), lucid.ones(5, 2, 3)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: lucid.mm(M, V), lucid.ShapeError, r"mm: needs a tensor of 2 axes here, not of sh"),
        (lambda: lucid.mm(M, M), lucid.ShapeError, "they must be equal"),
        (lambda: lucid.mv(M, M), lucid.ShapeError, "mv: needs a tensor of 1 axes"),
        (lambda: lucid.dot(V, M[0, :2]), lucid.ShapeError, "they must be equal"),
        (lambda: lucid.bmm(B, M), lucid.ShapeError, "bmm: needs a tensor of 3 axes"),
        (lambda: lucid.bmm(B, B[:2]), lucid.ShapeError, "stacks of 5 and 2 matrices"),
        (lambda: lucid.mm(M, M.T.double()), lucid.DtypeError, "dtypes differ"),
        (lambda: lucid.outer(M, V), lucid.ShapeError, "outer: needs a tensor of 1 axes"),
        (lambda: lucid.addmm(V, M, M.T), lucid.ShapeError, "addmm: shapes"),
        (lambda: lucid.addmm(M, V[:, None], V[None]), lucid.ShapeError, "addmm: shapes"),
        (lambda: lucid.addmm(B[:, :, :1], M, M.T), lucid.ShapeError, "does not broadcast to"),
        (lambda: lucid.mm([1.0], M), TypeError, "mm: needs a Tensor, not list"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
