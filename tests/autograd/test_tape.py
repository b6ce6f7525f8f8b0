"""The tape lists every step once, in order, with what it keeps."""

import lucid
import lucid.nn as nn
from lucid.autograd import tape


def test_steps_stand_after_what_they_need():
    x = lucid.ones(3, requires_grad=True)
    a = x * 2
    rows = tape((a + a.exp()).sum())
    assert [step.name for step in rows] == ["Multiply", "Exponential", "Add", "Sum"]
    assert rows.steps[0].sources[0] == "leaf(3,)"
    assert rows.steps[2].sources == ("%1", "%2")
    assert [step.shape for step in rows] == [(3,), (3,), (3,), ()]


def test_a_network_prints_its_shapes_names_and_formulas():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))
    loss = model(lucid.ones(1, 1, 4, 4)).sum()
    text = str(tape(loss, model.named_parameters()))
    assert "-, 0.weight, 0.bias" in text
    assert "(1, 2, 2, 2)" in text
    assert "Convolve x with w: y_{nfo} = sum_{ck} x_{nci} w_{fck}, and add a bias" in text
    assert text.endswith("saved in all") and "\\" not in text


def test_saved_bytes_count_shared_memory_once():
    x = lucid.ones(10, dtype=lucid.float64, requires_grad=True)
    rows = tape((x * x * x).sum())
    assert [step.nbytes for step in rows] == [80, 160, 0]
    assert rows.nbytes == 160  # x, and x * x


def test_after_backward_nothing_is_saved():
    x = lucid.ones(10, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    assert tape(y).nbytes == 0


def test_leaves_of_one_shape_are_told_apart():
    a, b = (lucid.ones(2, requires_grad=True) for _ in range(2))
    (step,) = tape(a * b)
    assert step.sources == ("leaf(2,)", "leaf(2,)'1")


def test_a_leaf_has_no_steps():
    assert len(tape(lucid.ones(2))) == 0
    assert str(tape(lucid.ones(2))).endswith("0 steps, 0 B saved in all")


def test_a_deep_graph_is_no_recursion():
    x = lucid.ones(1, requires_grad=True)
    for _ in range(5000):
        x = x + 1
    assert len(tape(x)) == 5000


def test_a_step_of_ones_own_shows_its_docstring():
    class Twice(lucid.autograd.Function):
        r"""Double: :math:`y = \frac{4}{2} \, x`."""

        def forward(self, x):
            return 2 * x

    class Bare(Twice):
        __doc__ = None

    x = lucid.ones(1, requires_grad=True)
    assert tape(Twice()(x)).steps[0].formula == "Double: y = (4)/(2) x."
    assert tape(Bare()(x)).steps[0].formula == ""
