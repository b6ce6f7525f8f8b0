"""Counts are those of the formulas, and nothing is computed for them."""

import numpy as np
import pytest

import lucid
import lucid.nn as nn
import lucid.nn.functional as F
from lucid.autograd import tape
from lucid.inspect import count_macs, count_parameters, memory_estimate, output_shape, summary


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)

    def forward(self, x):
        return (x + self.norm(self.conv(x))).relu()


def build():
    shared = Residual()
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2), shared, shared, nn.Flatten(), nn.Linear(100, 2)
    )


def test_rows_stand_in_order_with_their_numbers():
    rows = summary(build(), (2, 3, 11, 11)).rows
    assert [row.path for row in rows] == ["", "0", "1", "1.conv", "1.norm", "1", "1.conv",
                                          "1.norm", "3", "4"]
    assert [row.parameters for row in rows] == [0, 112, 0, 144, 8, 0, 0, 0, 0, 202]
    conv, block = 2 * 25 * 4 * 27, 2 * 25 * 4 * 36
    assert [row.macs for row in rows] == [0, conv, 0, block, 0, 0, block, 0, 0, 2 * 200]
    assert rows[1].activation_bytes == rows[2].activation_bytes == 2 * 4 * 25 * 4
    assert [row.receptive_field for row in rows[1:4]] == [(3, 3), (7, 7), (7, 7)]
    assert rows[6].receptive_field == (11, 11)


def test_names_in_a_list_are_shown_with_the_name_of_the_list():
    class Listed(nn.Module):
        def __init__(self):
            super().__init__()
            self.steps = nn.ModuleList([nn.Sequential(nn.Linear(2, 2))])

        def forward(self, x):
            return self.steps[0](x)

    lines = str(summary(Listed(), (1, 2))).splitlines()
    assert lines[2].startswith("  steps.0: Sequential") and lines[3].startswith("    0: Linear")


def test_the_totals_count_shared_parameters_once():
    model = build()
    result = summary(model, (2, 3, 11, 11))
    assert result.parameters == count_parameters(model) == 112 + 152 + 202
    assert result.macs == count_macs(model, (2, 3, 11, 11))
    assert str(result).splitlines()[-1].split()[:4] == ["in", "all", "466", f"{result.macs:,}"]


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2])
def test_macs_of_convolutions_are_the_ones_in_the_matrix(ndim, groups):
    # a tap on padding counts as a multiply-add; without padding the matrix has exactly these
    size = (7, 6, 5)[:ndim]
    layer = getattr(nn, f"Conv{ndim}d")(4, 6, 2, stride=2, groups=groups)
    entries = lucid.conv.conv_matrix(layer.weight, size, 2, groups=groups, sparse=True)
    assert count_macs(layer, (3, 4, *size)) == 3 * len(entries.values)
    layer = getattr(nn, f"ConvTranspose{ndim}d")(4, 6, 2, stride=2, groups=groups)
    entries = lucid.conv.conv_transpose_matrix(layer.weight, size, 2, groups=groups, sparse=True)
    assert count_macs(layer, (3, 4, *size)) == 3 * len(entries.values)


def test_functions_and_matrix_products_count_too():
    w = lucid.ones(5, 2, 3)
    assert count_macs(lambda x: F.conv1d(x, w), (1, 2, 10)) == 5 * 8 * 6
    assert count_macs(lambda x: x @ x.mT, (4, 2, 3)) == 4 * 2 * 2 * 3
    assert count_macs(lambda x: x.relu() + 1, (4,)) == 0


def test_the_output_shape_is_that_of_a_run():
    model = build()
    assert output_shape(model, (2, 3, 11, 11)) == model(lucid.ones(2, 3, 11, 11)).shape
    assert output_shape(lambda x: (x, x[0]), (2, 3)) == ((2, 3), (3,))


def test_a_shape_that_does_not_fit_is_told_with_the_layer():
    with pytest.raises(lucid.ShapeError, match="Linear '4'"):
        output_shape(build(), (2, 3, 12, 20))


def test_frozen_parameters_are_not_trainable():
    model = build()
    model[0].requires_grad_(False)
    assert count_parameters(model, trainable=True) == count_parameters(model) - 112
    assert summary(model, (1, 3, 11, 11)).parameters == 466


def test_lazy_layers_count_from_their_first_input():
    model = nn.LazyConv2d(4, 3)
    assert count_parameters(model) == 0
    assert summary(model, (1, 3, 5, 5)).parameters == 112


def test_memory_is_what_the_parts_take():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU()).eval()
    memory = memory_estimate(model, (2, 1, 6, 6), optimizer="adam")
    assert memory.parameters == memory.gradients == 4 * 24 and memory.optimizer == 2 * 4 * 24
    assert memory.buffers == 2 * 8 + 8
    assert memory.total == sum(memory[:-1])
    model[0].requires_grad_(False)
    assert memory_estimate(model, (2, 1, 6, 6), "sgd").gradients == 4 * 4


def test_kept_activations_are_those_of_a_real_graph():
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4), nn.Sigmoid())
    kept = memory_estimate(model, (3, 6)).activations
    x = lucid.ones(3, 6, requires_grad=True)
    weights = sum(p.nbytes for p in model.parameters() if p.ndim == 2)
    whole = tape(model(x)).nbytes
    biases = sum(p.nbytes for p in model.parameters() if p.ndim == 1)
    assert kept in (whole - weights, whole - weights - biases)


def test_an_unknown_optimizer_is_refused():
    with pytest.raises(ValueError, match="optimizer='magic' is unknown; choose one of 'sgd', 'mom"):
        memory_estimate(nn.Linear(1, 1), (1, 1), "magic")


def test_several_inputs_may_be_given():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv1d(1, 1, 3)

        def forward(self, x, index):
            return self.first(x)[index]

    result = summary(Two(), [(4, 1, 5), lucid.tensor(np.array([0, 1]))])
    assert result.rows[0].output_shape == (2, 1, 3)
