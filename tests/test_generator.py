"""Where random numbers come from: seeds, states, and the default."""

import copy
import pickle

import numpy as np
import pytest

import lucid
from lucid.generator import draw_from


def test_a_seed_repeats_the_stream():
    one, two = lucid.Generator(7), lucid.Generator(7)
    assert lucid.rand(5, generator=one).tolist() == lucid.rand(5, generator=two).tolist()
    assert one.initial_seed() == 7
    assert one.manual_seed(8) is one
    assert one.initial_seed() == 8
    assert lucid.Generator().initial_seed() >= 0
    with pytest.raises(ValueError, match="seed=-1"):
        lucid.Generator(-1)


def test_a_state_can_be_kept_and_the_default_is_used_where_none_is_given():
    state = lucid.get_rng_state()
    first = lucid.randn(3).tolist()
    lucid.set_rng_state(state)
    assert lucid.randn(3).tolist() == first
    assert draw_from(None) is lucid.random.default_generator().numpy
    own = lucid.Generator(1)
    assert draw_from(own) is own.numpy
    assert isinstance(own.numpy, np.random.Generator)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_goes_on_alone(again):
    one = lucid.Generator(3)
    other = again(one)
    assert lucid.rand(2, generator=one).tolist() == lucid.rand(2, generator=other).tolist()
