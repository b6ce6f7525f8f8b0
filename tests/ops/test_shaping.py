"""Moving elements: values against NumPy, derivatives against differences, views where possible."""

import numpy as np
import pytest

import lucid

ARRAY = np.arange(24.0).reshape(2, 3, 4)
STEPS = {
    "reshape": (lambda x: x.reshape(4, -1), lambda a: a.reshape(4, -1)),
    "reshape to a tuple": (lambda x: x.reshape((24,)), lambda a: a.reshape(24)),
    "view": (lambda x: x.view(6, 4), lambda a: a.reshape(6, 4)),
    "flatten": (lambda x: x.flatten(), np.ravel),
    "flatten a part": (lambda x: x.flatten(1), lambda a: a.reshape(2, 12)),
    "flatten the front": (lambda x: x.flatten(0, -2), lambda a: a.reshape(6, 4)),
    "permute": (lambda x: x.permute(2, 0, 1), lambda a: a.transpose(2, 0, 1)),
    "permute by a tuple": (lambda x: x.permute((-1, 0, 1)), lambda a: a.transpose(2, 0, 1)),
    "transpose": (lambda x: x.transpose(0, -1), lambda a: a.swapaxes(0, 2)),
    "T": (lambda x: x.T, lambda a: a.T),
    "mT": (lambda x: x.mT, lambda a: a.swapaxes(1, 2)),
    "t": (lambda x: x[0].t(), lambda a: a[0].T),
    "movedim": (lambda x: x.movedim(0, -1), lambda a: np.moveaxis(a, 0, -1)),
    "squeeze": (lambda x: x[:, :1, :1].squeeze(), lambda a: a[:, 0, 0]),
    "squeeze one": (lambda x: x[:, :1, :1].squeeze(1), lambda a: a[:, 0, :1]),
    "squeeze what is not 1": (lambda x: x.squeeze(0), lambda a: a),
    "unsqueeze": (lambda x: x.unsqueeze(1), lambda a: a[:, None]),
    "unsqueeze at the end": (lambda x: x.unsqueeze(-1), lambda a: a[..., None]),
    "expand": (lambda x: x[:, :1].expand(5, -1, 3, -1),
               lambda a: np.broadcast_to(a[:, :1], (5, 2, 3, 4))),
    "broadcast_to": (lambda x: lucid.broadcast_to(x[0, 0], (2, 4)),
                     lambda a: np.broadcast_to(a[0, 0], (2, 4))),
    "flip": (lambda x: x.flip(0, -1), lambda a: np.flip(a, (0, 2))),
    "clone": (lambda x: x.clone(), np.copy),
    "contiguous": (lambda x: x.T.contiguous(), lambda a: a.T.copy()),
    "cat": (lambda x: lucid.cat([x, x * 2, x[:, :1]], dim=1),
            lambda a: np.concatenate([a, a * 2, a[:, :1]], axis=1)),
    "cat at the end": (lambda x: lucid.cat((x, x), dim=-1), lambda a: np.concatenate([a, a], 2)),
    "stack": (lambda x: lucid.stack([x, x * 2], dim=1), lambda a: np.stack([a, a * 2], 1)),
    "stack at the end": (lambda x: lucid.stack([x, x], dim=-1), lambda a: np.stack([a, a], -1)),
}
each_step = pytest.mark.parametrize(("step", "numpy"), STEPS.values(), ids=STEPS)


@each_step
def test_values_are_numpys(step, numpy):
    for array in (ARRAY, ARRAY.astype(np.int32)):
        y = step(lucid.tensor(array))
        assert y.array.dtype == array.dtype
        assert np.array_equal(y.array, numpy(array))


@each_step
def test_derivatives(step, numpy, check_derivatives):
    check_derivatives(lambda x: step(x) ** 2, ARRAY[:, :, :4] / 10)


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3)], ids=str)
def test_empty_tensors(shape):
    x = lucid.zeros(shape, requires_grad=True)
    results = [
        x.reshape(*shape, 1), x.flatten(), x.T, x.unsqueeze(0), x.flip(0), x.clone(), x.squeeze(),
        x.expand(4, *shape), lucid.cat([x, x]), lucid.stack([x, x]), x.transpose(0, -1),
    ]
    for y in results:
        assert y.numel() == 0
        assert lucid.autograd.grad(y.sum(), x)[0].shape == shape


def test_a_tensor_without_axes():
    x = lucid.tensor(3.0)
    assert x.T.shape == x.t().shape == x.permute(()).shape == x.squeeze().shape == ()
    assert x.reshape(1).tolist() == x.unsqueeze(0).tolist() == x.flatten().tolist() == [3]
    assert x.expand(2).tolist() == [3, 3]
    assert lucid.stack([x, x]).tolist() == [3, 3]


def test_an_unknown_size_follows_from_the_rest():
    assert lucid.zeros(2, 0).reshape(-1).shape == (0,)
    assert lucid.zeros(6).reshape(-1, 2).shape == (3, 2)
    assert lucid.zeros(6).reshape(np.int64(3), -1).shape == (3, 2)


def test_expand_is_read_only_and_its_gradient_is_not():
    x = lucid.ones(3, requires_grad=True)
    y = x.expand(2, 3)
    with lucid.no_grad(), pytest.raises(ValueError, match="read-only"):
        y.fill_(0)
    y.sum().backward()
    x.grad.add_(1)
    assert x.grad.tolist() == [3, 3, 3]


def test_joining_promotes():
    pieces = [lucid.tensor([1]), lucid.tensor([2.5]), lucid.tensor([True])]
    assert lucid.cat(pieces).tolist() == [1, 2.5, 1]
    assert lucid.stack(pieces[::2]).dtype is lucid.int64
    assert lucid.cat(lucid.ones(2, 3)).shape == (6,)  # the rows


def test_contiguous_is_the_tensor_itself_if_it_can_be():
    x = lucid.zeros(2, 3)
    assert x.contiguous() is x
    assert x.T.contiguous().is_contiguous()
    assert not x.T.is_contiguous()


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: x.reshape(4), lucid.ShapeError,
         r"reshape: shape \(2, 3\) has 6 elements, which do not fill \(4,\): 4 elements"),
        (lambda x: x.reshape(4, -1), lucid.ShapeError, r"\(4, -1\): not a multiple of 4"),
        (lambda x: x.reshape(-1, -1), lucid.ShapeError, r"\(-1, -1\) may hold one -1"),
        (lambda x: x.reshape(-2, -3), lucid.ShapeError, "no other negative size"),
        (lambda x: x.reshape(2.0, 3), TypeError, "must be an int, not 2.0"),
        (lambda x: lucid.zeros(0).reshape(0, -1), lucid.ShapeError, "not a multiple of 0"),
        (lambda x: x.T.view(6), lucid.ShapeError, r"do not lie in memory as \(6,\) needs; use"),
        (lambda x: x.flatten(1, 0), lucid.ShapeError, "start_dim=1 comes after end_dim=0"),
        (lambda x: x.flatten(2), lucid.ShapeError, "flatten: dim=2 is not an axis"),
        (lambda x: x.permute(0), lucid.ShapeError, r"dims=\(0,\) must name each of 2 axes once"),
        (lambda x: x.permute(0, 0), lucid.ShapeError, r"dims=\(0, 0\) must name each of 2 axes"),
        (lambda x: x.transpose(0, 2), lucid.ShapeError, "transpose: dim=2 is not an axis"),
        (lambda x: x[None].t(), lucid.ShapeError, r"t: needs at most 2 axes, shape \(1, 2, 3\)"),
        (lambda x: x.movedim(0, 2), lucid.ShapeError, "movedim: dim=2 is not an axis"),
        (lambda x: x.squeeze(2), lucid.ShapeError, "squeeze: dim=2 is not an axis"),
        (lambda x: x.unsqueeze(4), lucid.ShapeError, "unsqueeze: dim=4 is not an axis"),
        (lambda x: x.expand(3, 3), lucid.ShapeError, r"\(2, 3\) does not broadcast to \(3, 3\)"),
        (lambda x: x.expand(3), lucid.ShapeError, r"does not broadcast to \(3,\)"),
        (lambda x: x.expand(-1, 2, 3), lucid.ShapeError, r"does not broadcast to \(-1, 2, 3\)"),
        (lambda x: x.flip(2), lucid.ShapeError, "flip: dim=2 is not an axis"),
        (lambda x: lucid.cat([]), lucid.ShapeError, "cat: needs at least one tensor"),
        (lambda x: lucid.cat([x, x[0]]), lucid.ShapeError,
         r"tensor 1 has shape \(3,\), which differs from \(2, 3\)"),
        (lambda x: lucid.cat([x, x.T]), lucid.ShapeError, "in another axis than dim=0"),
        (lambda x: lucid.cat([x[0, 0]]), lucid.ShapeError, "without axes cannot be joined"),
        (lambda x: lucid.cat([x, 3]), TypeError, "cat: needs a Tensor, not int"),
        (lambda x: lucid.stack([x, x.T]), lucid.ShapeError, r"not \[\(2, 3\), \(3, 2\)\]"),
        (lambda x: lucid.reshape([1], 1), TypeError, "reshape: needs a Tensor, not list"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    x = lucid.ones(2, 3)
    with pytest.raises(kind, match=message):
        call(x)
    assert x.shape == (2, 3)


def test_swapaxes_is_transpose_and_unflatten_undoes_flatten(check_step):
    array = np.random.default_rng(5).standard_normal((2, 6))
    check_step(lambda library, x: library.swapaxes(x, 0, -1) ** 2, array)
    check_step(lambda library, x: library.unflatten(x, 1, (2, -1)) ** 2, array)
    x = lucid.tensor(array)
    assert x.unflatten(-1, (3, 2)).flatten(1).tolist() == x.tolist()
    assert np.shares_memory(x.unflatten(0, (2, 1)).array, x.array)
    assert x[:0].unflatten(0, (0, 3)).shape == (0, 3, 6)
    for call, message in (
        (lambda: x.unflatten(1, (4, -1)), r"sizes=\(4, 1\) do not fill axis 1 of shape \(2, 6\)"),
        (lambda: x.unflatten(1, (-1, -1)), "do not fill axis 1"),
        (lambda: x.unflatten(2, (1, 1)), "unflatten: dim=2 is not an axis"),
        (lambda: x.unflatten(1, ()), "need at least 1 axis"),
    ):
        with pytest.raises(lucid.ShapeError, match=message):
            call()
