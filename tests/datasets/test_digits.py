"""The bundled digits: what they are, and that they stay what they are."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

import lucid
from lucid.datasets import load_digits
from lucid.utils.data import TensorDataset


def test_all_of_them():
    data = load_digits()
    images, labels = data.tensors
    assert isinstance(data, TensorDataset) and len(data) == 1797
    assert images.shape == (1797, 1, 8, 8) and images.dtype == lucid.float32
    assert labels.shape == (1797,) and labels.dtype == lucid.int64
    assert images.array.min() == 0 and images.array.max() == 1
    assert np.array_equal(images.array * 16, np.round(images.array * 16))
    assert np.bincount(labels.array).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_the_numbers_are_those_of_the_source():
    images, labels = load_digits().tensors
    bytes_ = (images.array * 16).astype(np.uint8).tobytes() + labels.array.astype("u1").tobytes()
    assert hashlib.sha256(bytes_).hexdigest() == (
        "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
    )


def test_the_parts_are_fixed_and_together_they_are_all():
    parts = [load_digits(train=train) for train in (True, False)]
    assert [len(part) for part in parts] == [1437, 360]
    for number, whole in enumerate(load_digits().tensors):
        both = np.concatenate([part.tensors[number].array for part in parts])
        np.testing.assert_array_equal(both, whole.array)
    for part in parts:
        shares = np.bincount(part.tensors[1].array) / len(part)
        assert shares.min() > 0.09 and shares.max() < 0.11


def test_each_call_gives_tensors_of_its_own():
    load_digits().tensors[0].array[...] = 7
    assert load_digits().tensors[0].array.max() == 1


def test_the_licence_lies_beside_the_data():
    text = Path(lucid.datasets.__file__).with_name("digits.txt").read_text(encoding="utf-8")
    for words in ("CC BY 4.0", "E. Alpaydin", "C. Kaynak", "archive.ics.uci.edu"):
        assert words in text


@pytest.mark.parametrize("train", ["train", 1, 0.8])
def test_other_parts_are_refused(train):
    with pytest.raises(TypeError, match="choose True"):
        load_digits(train=train)
