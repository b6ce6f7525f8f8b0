"""Jacobians and their products, against each other and against PyTorch."""

import numpy as np
import pytest

import lucid
from lucid.autograd.functional import hessian, jacobian, jvp, vjp


def draw(*shape, seed=0):
    return lucid.tensor(np.random.default_rng(seed).standard_normal(shape))


def curve(x):
    return (x * x).reshape(6)[:4] * x.sum()


def test_products_are_those_with_the_jacobian():
    x, v, u = draw(2, 3), draw(2, 3, seed=1), draw(4, seed=2)
    matrix = jacobian(curve, x).numpy()
    assert matrix.shape == (4, 2, 3)
    y, forward = jvp(curve, x, v)
    np.testing.assert_allclose(y.numpy(), curve(x).numpy())
    np.testing.assert_allclose(forward.numpy(), np.einsum("oij,ij->o", matrix, v.numpy()))
    _, back = vjp(curve, x, u)
    np.testing.assert_allclose(back.numpy(), np.einsum("oij,o->ij", matrix, u.numpy()))


def test_the_hessian_is_symmetric_and_right():
    x = draw(3)
    found = hessian(lambda x: (x[0] * x[1] * x[2]) + (x**4).sum(), x).numpy()
    a, b, c = x.numpy()
    wanted = [[12 * a * a, c, b], [c, 12 * b * b, a], [b, a, 12 * c * c]]
    np.testing.assert_allclose(found, wanted)


def test_tuples_give_tuples():
    a, b = draw(2), draw(3)
    found = jacobian(lambda a, b: (a.sum() * b, a), (a, b))
    assert [[each.shape for each in row] for row in found] == [[(3, 2), (3, 3)], [(2, 2), (2, 3)]]
    found = hessian(lambda a, b: (a.sum() * b * b).sum(), (a, b))
    assert [[each.shape for each in row] for row in found] == [[(2, 2), (2, 3)], [(3, 2), (3, 3)]]
    assert jacobian(lambda a: a * 2, (a,))[0].shape == (2, 2)


def test_what_does_not_depend_is_zero():
    a, b = draw(2), draw(3)
    assert not jacobian(lambda a, b: a * 2, (a, b))[1].any()
    assert not hessian(lambda a: a.sum(), a).any()
    assert not jvp(lambda a: b * 1, a, a)[1].any()


def test_create_graph_lets_a_jacobian_be_differentiated():
    x = draw(2).requires_grad_()
    jacobian(lambda x: x**3, x, create_graph=True).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 6 * x.detach().numpy())
    x.grad = None
    vjp(lambda x: x**3, x, draw(2) * 0 + 1, create_graph=True)[1].sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 6 * x.detach().numpy())
    assert not jacobian(lambda x: x**3, x).requires_grad


def test_an_empty_output_has_an_empty_jacobian():
    assert jacobian(lambda x: x[:0], draw(2)).shape == (0, 2)


def test_agrees_with_torch(torch):
    if torch is None:
        pytest.skip("torch is not installed")
    x, v = np.random.default_rng(0).standard_normal((2, 2, 3))
    u = np.random.default_rng(1).standard_normal(4)
    theirs = torch.autograd.functional
    pairs = [
        (jacobian(curve, lucid.tensor(x)), theirs.jacobian(curve, torch.tensor(x))),
        (hessian(lambda x: curve(x).sum(), lucid.tensor(x)),
         theirs.hessian(lambda x: curve(x).sum(), torch.tensor(x))),
        (jvp(curve, lucid.tensor(x), lucid.tensor(v))[1],
         theirs.jvp(curve, torch.tensor(x), torch.tensor(v))[1]),
        (vjp(curve, lucid.tensor(x), lucid.tensor(u))[1],
         theirs.vjp(curve, torch.tensor(x), torch.tensor(u))[1]),
    ]
    for ours, wanted in pairs:
        np.testing.assert_allclose(ours.numpy(), wanted.numpy(), rtol=1e-12)


def test_bad_arguments_are_named():
    with pytest.raises(TypeError, match="jacobian: input 0 is a float, not a Tensor"):
        jacobian(lambda x: x, 1.0)
    with pytest.raises(TypeError, match="vjp: output 0 is a float, not a Tensor"):
        vjp(lambda x: 1.0, draw(1))
    with pytest.raises(lucid.ShapeError, match=r"hessian: the result has shape \(2,\); needs one"):
        hessian(lambda x: x, draw(2))
    with pytest.raises(TypeError, match="hessian: the result is a tuple, not a Tensor"):
        hessian(lambda x: (x.sum(),), draw(2))
    with pytest.raises(lucid.GradError, match="2 vectors for 1 tensors"):
        vjp(lambda x: x, draw(2), (draw(2), draw(2)))
