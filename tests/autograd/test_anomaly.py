"""A NaN in backward is traced to the line that called forward."""

import gc
import threading
import weakref

import numpy as np
import pytest

import lucid
from lucid.autograd import detect_anomaly, set_detect_anomaly
from lucid.utils.checkpoint import checkpoint


@pytest.fixture
def x():
    return lucid.tensor([4.0, 0.0], requires_grad=True)


def roots(x):
    return x.sqrt() * x  # the marked line


def test_the_message_names_step_index_value_and_line(x):
    with detect_anomaly():
        y = roots(x).sum()
        with pytest.raises(lucid.GradError) as caught:
            y.backward()
    text = str(caught.value)
    assert "SquareRoot.backward gave nan for input 0 of shape (2,), at (1,)" in text
    assert "the gradient from above has no NaN" in text
    assert "x.sqrt() * x  # the marked line" in text


def test_without_nan_nothing_changes(x):
    with detect_anomaly():
        (x * x).sum().backward()
    assert x.grad.tolist() == [8.0, 0.0]


def test_an_infinite_gradient_is_an_answer(x):
    with detect_anomaly():
        (1 / x).sum().backward()
    assert x.grad.tolist() == [-0.0625, -float("inf")]


def test_outside_the_block_nan_is_handed_on(x):
    with detect_anomaly():
        pass
    roots(x).sum().backward()
    assert np.isnan(x.grad.numpy()[1])


def test_check_nan_false_only_notes_the_place(x):
    with detect_anomaly(check_nan=False):
        y = roots(x)
    y.sum().backward()
    assert np.isnan(x.grad.numpy()[1])
    assert y.node.called_at[-1].name == "roots"


def test_the_switch_holds_until_it_is_switched_back(x):
    set_detect_anomaly(True)
    try:
        with set_detect_anomaly(False):
            assert not hasattr(roots(x).node, "called_at")
        assert hasattr(roots(x).node, "called_at")
    finally:
        set_detect_anomaly(False)
    assert not hasattr(roots(x).node, "called_at")


def test_threads_have_their_own(x):
    found = []
    with detect_anomaly():
        thread = threading.Thread(target=lambda: found.append(roots(x).node))
        thread.start()
        thread.join()
    assert not hasattr(found[0], "called_at")


def test_second_derivatives_are_watched(x):
    with detect_anomaly():
        (first,) = lucid.autograd.grad((x**1.5).sum(), x, create_graph=True)
        with pytest.raises(lucid.GradError, match="backward gave nan"):
            (first * 0).sum().backward()


def test_it_works_around_a_checkpoint(x):
    with detect_anomaly():
        y = checkpoint(roots, x).sum()
        with pytest.raises(lucid.GradError, match="SquareRoot.backward gave nan"):
            y.backward()


def test_a_dropped_graph_is_freed_at_once(x):
    gc.disable()
    try:
        with detect_anomaly():
            y = roots(x)
            node = weakref.ref(y.node)
            del y
        assert node() is None
    finally:
        gc.enable()
