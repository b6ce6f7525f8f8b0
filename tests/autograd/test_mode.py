"""When steps are recorded: blocks, decorators, generators and threads."""

import threading

import pytest

import lucid


@pytest.fixture
def x():
    return lucid.ones(2, requires_grad=True)


def test_a_block_switches_and_switches_back(x):
    with lucid.no_grad():
        assert not lucid.is_grad_enabled()
        assert not (x * 2).requires_grad
        with lucid.enable_grad():
            assert (x * 2).requires_grad
        assert not lucid.is_grad_enabled()
    assert (x * 2).requires_grad


def test_an_error_leaves_the_block_too():
    with pytest.raises(ZeroDivisionError), lucid.no_grad():
        _ = 1 / 0
    assert lucid.is_grad_enabled()


def test_one_object_may_be_entered_inside_itself():
    block = lucid.no_grad()
    with block, block, lucid.enable_grad(), block:
        assert not lucid.is_grad_enabled()
    assert lucid.is_grad_enabled()


def test_set_grad_enabled_acts_at_once_and_a_block_undoes_it():
    lucid.set_grad_enabled(False)
    try:
        assert not lucid.is_grad_enabled()
    finally:
        lucid.set_grad_enabled(True)
    with lucid.set_grad_enabled(False):
        assert not lucid.is_grad_enabled()
    assert lucid.is_grad_enabled()


DECORATORS = {
    "no_grad()": lambda: lucid.no_grad(),
    "no_grad": lambda: lucid.no_grad,
    "set_grad_enabled(False)": lambda: lucid.set_grad_enabled(False),
}
each_decorator = pytest.mark.parametrize("make", DECORATORS.values(), ids=DECORATORS)


@each_decorator
def test_a_decorated_function_keeps_its_name_and_runs_in_the_mode(make, x):
    @make()
    def double(x, times=2):
        """Say."""
        return x * times

    assert lucid.is_grad_enabled()
    assert (double.__name__, double.__doc__) == ("double", "Say.")
    assert not double(x, times=3).requires_grad
    assert lucid.is_grad_enabled()


@each_decorator
def test_a_decorated_recursion_comes_back(make):
    @make()
    def count(n):
        return lucid.is_grad_enabled() or (n and count(n - 1))

    assert not count(3)
    assert lucid.is_grad_enabled()


@each_decorator
def test_a_decorated_generator_does_not_leak_its_mode(make):
    seen = []

    @make()
    def numbers():
        for i in range(3):
            seen.append(lucid.is_grad_enabled())
            seen.append((yield i))
        return "end"

    generator = numbers()
    assert next(generator) == 0
    assert lucid.is_grad_enabled()
    assert generator.send("hello") == 1
    with lucid.no_grad():
        assert next(generator) == 2
    assert lucid.is_grad_enabled()
    with pytest.raises(StopIteration, match="end"):
        next(generator)
    assert seen == [False, "hello", False, None, False, None]


def test_a_decorated_generator_gets_errors_and_is_closed():
    log = []

    @lucid.no_grad()
    def numbers():
        try:
            yield 1
        except KeyError:
            log.append(("error", lucid.is_grad_enabled()))
            yield 2
        finally:
            log.append(("closed", lucid.is_grad_enabled()))

    generator = numbers()
    next(generator)
    assert generator.throw(KeyError) == 2
    generator.close()
    assert log == [("error", False), ("closed", False)]
    assert lucid.is_grad_enabled()


def test_every_thread_has_its_own_mode():
    seen = []
    with lucid.no_grad():
        thread = threading.Thread(target=lambda: seen.append(lucid.is_grad_enabled()))
        thread.start()
        thread.join()
        assert not lucid.is_grad_enabled()
    assert seen == [True]


def test_threads_in_one_decorated_function_do_not_mix_their_modes():
    inside, leave = threading.Barrier(2), [threading.Event(), threading.Event()]
    after = {}

    @lucid.no_grad()
    def wait(i):
        inside.wait(5)
        leave[i].wait(5)

    def run(i, mode):
        with lucid.set_grad_enabled(mode):
            wait(i)
            after[i] = lucid.is_grad_enabled()

    threads = [threading.Thread(target=run, args=(i, mode)) for i, mode in enumerate((True, False))]
    for thread in threads:
        thread.start()
    for event, thread in zip(leave, threads, strict=True):  # the first one in leaves first
        event.set()
        thread.join()
    assert after == {0: True, 1: False}


def test_inference_mode_is_no_grad(x):
    with lucid.inference_mode():
        y = x * 2
        with lucid.inference_mode(False):
            assert (x * 2).requires_grad
    assert not y.requires_grad
    assert (y * x).requires_grad

    @lucid.inference_mode()
    def double(x):
        return x * 2

    @lucid.inference_mode
    def triple(x):
        return x * 3

    assert not double(x).requires_grad
    assert not triple(x).requires_grad
    assert lucid.is_grad_enabled()
