"""Names of algorithms, the one in use, and how exact float32 is."""

import threading

import pytest

import lucid
from lucid import kernels
from lucid.kernels import registry


def test_use_chooses_for_a_block_and_for_good():
    assert kernels.get().name == "auto"
    with kernels.use("naive"):
        assert kernels.get().name == "naive"
        with kernels.use("direct"):
            assert kernels.get().name == "direct"
        assert kernels.get().name == "naive"
    kernels.use("im2col")
    assert kernels.get().name == "im2col"
    kernels.use("auto")
    assert kernels.get().name == "auto"


def test_use_holds_for_its_own_thread():
    seen = []
    with kernels.use("naive"):
        thread = threading.Thread(target=lambda: seen.append(kernels.get().name))
        thread.start()
        thread.join()
    assert seen == ["auto"]


def test_an_unknown_kernel_is_refused():
    with pytest.raises(ValueError, match="no kernel is called 'fast'; there are auto, naive"):
        kernels.use("fast")


def test_a_kernel_that_is_no_function_is_refused():
    with pytest.raises(TypeError, match="kernel 'odd': 3 is not a function"):
        kernels.register("odd", forward=3)
    with pytest.raises(TypeError, match="the name of a kernel must be a str, not 5"):
        kernels.register(5)


def test_an_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="'high' or 'highest', not 'medium'"):
        kernels.set_float32_precision("medium")


@pytest.mark.parametrize(("primitive", "letter"), [
    ("forward", "y"), ("input_grad", "x"), ("weight_grad", "w"),
])
def test_a_kernel_that_returns_its_result_is_told_to_add_it(primitive, letter, monkeypatch):
    monkeypatch.setattr(registry, "kernels", dict(registry.kernels))
    kernels.register("returning", **{primitive: lambda x, w, y, *options: y + 1})
    x, w = lucid.ones(1, 1, 3, requires_grad=True), lucid.ones(1, 1, 2, requires_grad=True)
    message = f"kernel 'returning': {primitive} returned a ndarray, .* {letter} \\+= "
    with kernels.use("returning"), pytest.raises(TypeError, match=message):
        lucid.nn.functional.conv1d(x, w).sum().backward()
