"""What shares memory with a tensor, and what is a copy: as in PyTorch, one as the other."""

import numpy as np
import pytest

import lucid

SHARED = [
    "x[1]", "x[:, 1:3]", "x[None]", "x[..., 0]", "x.detach()", "x.data", "x.to(x.dtype)",
    "x.double()", "x.contiguous()", "x.view(-1)", "x.reshape(-1)", "x.expand(2, 3, 4)",
    "x.squeeze()", "x.unsqueeze(0)", "x.flatten()", "x.t()", "x.mT", "x.swapaxes(0, 1)",
    "x.movedim(0, 1)", "x.permute(1, 0)", "x.narrow(0, 0, 2)", "x.select(0, 1)", "x.split(2)[0]",
    "x.chunk(2)[1]", "x.unbind()[0]", "x.diagonal()", "x.unfold(1, 2, 1)",
    "x.broadcast_to((2, 3, 4))", "x.unflatten(1, (2, 2))", "x.cpu()", "x.requires_grad_()",
    "x.type(x.dtype)", "L.nn.functional.dropout(x, 0.5, False)", "L.nn.Identity()(x)",
    "L.nn.Flatten()(x)", "L.einsum('ij->ji', x)", "L.as_tensor(x)", "L.from_numpy(x.numpy())",
    "L.meshgrid(x[0], x[1], indexing='ij')[0]", "L.nn.Parameter(x)",
    "x.as_strided((2, 2), (1, 1))",
]
COPIED = [
    "x[[0, 1]]", "x.float()", "x.clone()", "x.T.contiguous()", "x.T.reshape(-1)", "x.diag()",
    "x.flip(0)", "x.roll(1)", "x.repeat(1, 1)", "x.tile((1, 1))", "x.tril()",
    "x.take_along_dim(L.tensor([[0]]), 1)", "x.masked_select(x>0)", "x.abs()", "x.relu()",
    "x.clamp(min=0)", "x.sum(1)", "x.max()", "L.nn.functional.pad(x, (0, 0))",
    "L.tensordot(x, x, 2)", "L.cat([x])", "L.stack([x])", "L.zeros_like(x)",
    "L.where(x>0, x, x)", "x.index_select(0, L.tensor([0]))", "x.gather(1, L.tensor([[0]]))",
]


def shares(library, expression):
    """Tell whether the result of an expression of x (3, 4) has its elements in the memory of x."""
    x = library.tensor(np.arange(12.0).reshape(3, 4))
    y = eval(expression, {"L": library, "x": x})
    return np.shares_memory(y.detach().numpy(), x.detach().numpy())


@pytest.mark.parametrize("expression", SHARED + COPIED)
def test_memory_is_shared_where_pytorch_shares_it(expression, torch):
    assert shares(lucid, expression) == (expression in SHARED)
    if torch is not None:
        assert shares(torch, expression) == (expression in SHARED)


@pytest.mark.parametrize("expression", SHARED)
def test_what_is_written_into_a_view_is_seen_in_the_tensor(expression):
    x = lucid.tensor(np.arange(12.0).reshape(3, 4))
    y = eval(expression, {"L": lucid, "x": x})
    with lucid.no_grad():
        if 0 not in y.stride():  # a repeated position cannot be written
            y.fill_(-1.0)
            assert (x == -1).any()
            assert x.version == y.version > 0 or "numpy" in expression
