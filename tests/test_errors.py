"""Every error is one of lucid's, one of Python's, and says where it was raised."""

import copy
import pickle

import pytest

from lucid import errors

KINDS = {
    errors.ShapeError: ValueError,
    errors.DtypeError: TypeError,
    errors.DeviceError: ValueError,
    errors.LazyError: RuntimeError,
    errors.GradError: RuntimeError,
}


class Conv2d:
    """Stands for a layer."""


@pytest.mark.parametrize(("kind", "builtin"), KINDS.items())
def test_an_error_is_one_of_the_family_and_one_of_pythons(kind, builtin):
    assert issubclass(kind, errors.LucidError)
    assert issubclass(kind, builtin)
    assert issubclass(kind, RuntimeError)


def test_outside_any_module_the_message_stands_alone():
    assert str(errors.ShapeError("too short")) == "too short"


def test_the_innermost_module_names_the_layer_and_each_outer_one_lengthens_the_path():
    error = errors.ShapeError("too short")
    error.pass_through(Conv2d(), "")
    assert str(error) == "Conv2d: too short"
    error.pass_through(object(), "3")
    error.pass_through(object(), "features")
    assert str(error) == "Conv2d 'features.3': too short"
    assert (error.layer, error.path) == ("Conv2d", "features.3")


def test_passing_through_one_error_leaves_others_alone():
    errors.ShapeError("a").pass_through(Conv2d(), "x")
    assert errors.ShapeError("b").layer is None


def test_an_error_survives_pickle_and_copy():
    error = errors.ShapeError("too short")
    error.layer, error.path = "Conv2d", "3"
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is errors.ShapeError
        assert str(other) == "Conv2d '3': too short"
