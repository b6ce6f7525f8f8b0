"""A model is run for its shapes: nothing is computed, nothing is changed."""

import threading
import time

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F
from lucid.conv.walk import result_shapes, walk


def build():
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)
    )


def test_calls_come_in_order_with_their_shapes():
    run = walk(build(), (5, 1, 4, 4))
    assert [call.path for call in run.calls] == ["", "0", "1", "2", "3", "4"]
    assert [call.output_shape for call in run.calls[1:]] == [
        (5, 2, 2, 2), (5, 2, 2, 2), (5, 2, 2, 2), (5, 8), (5, 3)
    ]
    assert run.calls[0].input_shapes == [(5, 1, 4, 4)]


def test_the_shapes_are_those_of_a_real_run():
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(lucid.ones(2, 1, 3))

        def forward(self, x):
            return F.conv_transpose1d(F.conv1d(x, self.w, stride=2), self.w, stride=3)

    model = Functional()
    run = walk(model, (2, 1, 11))
    assert run.calls[0].output_shape == model(lucid.ones(2, 1, 11)).shape


def test_convolutions_are_not_computed():
    model = nn.Conv2d(512, 512, 3, padding=1)
    start = time.process_time()
    walk(model, (1, 512, 256, 256))  # 155 thousand million multiply-adds
    assert time.process_time() - start < 1


def test_the_model_is_left_as_it_was():
    model = build()
    model[2].eval()
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    walk(model, (5, 1, 4, 4))
    assert model.training and not model[2].training
    for name, value in model.state_dict().items():
        assert (value.numpy() == before[name]).all()
    x = lucid.ones(1, 1, 4, 4)
    assert model.eval()[0](x).detach().numpy().any()  # computed again
    assert all(p.grad is None for p in model.parameters())


def test_an_error_leaves_the_model_as_it_was_and_names_the_layer():
    model = build()
    with pytest.raises(lucid.ShapeError, match=r"Linear '4': "):
        walk(model, (5, 1, 6, 6))
    assert model.training and walk(model, (5, 1, 4, 4)).calls[0].output_shape == (5, 3)


def test_other_threads_compute_meanwhile():
    conv, x, results = nn.Conv1d(1, 1, 3), lucid.ones(1, 1, 5), []

    class Waits(nn.Module):
        def forward(self, x):
            thread = threading.Thread(target=lambda: results.append(conv(lucid.ones(1, 1, 5))))
            thread.start()
            thread.join()
            return conv(x)

    walk(Waits(), (1, 1, 5))
    np.testing.assert_array_equal(results[0].detach().numpy(), conv(x).detach().numpy())


def test_lazy_layers_learn_their_sizes():
    model = nn.LazyConv1d(2, 3)
    walk(model, (1, 4, 5))
    assert model.in_channels == 4


def test_several_inputs_and_types():
    class Two(nn.Module):
        def forward(self, a, b):
            return a[b], b

    run = walk(Two(), [(4, 2), lucid.tensor([1, 2, 3])])
    assert run.calls[0].input_shapes == [(4, 2), (3,)]
    assert [y.shape for y in run.calls[0].outputs] == [(3, 2), (3,)]
    assert walk(nn.Linear(2, 2).double(), (3, 2)).inputs[0].dtype is lucid.float64
    with pytest.raises(TypeError, match="input_shape=3 is no shape; give one such as"):
        walk(nn.Identity(), 3)


def test_a_function_is_walked_too():
    run = walk(lambda x: x.relu() * 2, (3,))
    assert len(run.calls) == 1 and [type(n).__name__ for n in run.calls[0].nodes][-1] == "Multiply"


def test_results_have_the_shapes_that_the_next_steps_were_given():
    run = walk(lambda x: (x * 2).sum(1), (3, 4))
    nodes = run.calls[0].nodes
    assert [result_shapes(nodes, run.calls[0].outputs)[n] for n in nodes] == [(3, 4), (3,)]
