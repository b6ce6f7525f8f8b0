"""Readers of files, held against files written here."""

import gzip
import struct

import numpy as np
import pytest

import lucid
from lucid.datasets import read_cifar10_bin, read_idx

TYPES = {0x08: ("u1", lucid.uint8), 0x09: ("i1", lucid.int8), 0x0B: ("i2", lucid.int32),
         0x0C: ("i4", lucid.int32), 0x0D: ("f4", lucid.float32), 0x0E: ("f8", lucid.float64)}

PACKED = gzip.compress(bytes(range(100)))


def idx_bytes(code, array):
    header = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("code", TYPES)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("shape", [(5,), (2, 3, 4), (0, 3)], ids=str)
def test_idx_files_of_every_type(tmp_path, code, pack, shape):
    kind, dtype = TYPES[code]
    array = np.random.default_rng(0).integers(0, 100, shape).astype(kind)
    (tmp_path / "file").write_bytes(pack(idx_bytes(code, array)))
    x = read_idx(tmp_path / "file")
    assert x.dtype is dtype and x.shape == shape
    np.testing.assert_array_equal(x.numpy(), array)


@pytest.mark.parametrize(("data", "message"), [
    (b"", r"is no idx file: .* not \[\]"), (b"PNG.", r"not \[80, 78, 71, 46\]"),
    (b"\0\0\x07\1", "is no idx file"), (b"\0\0\x08\2\0\0\0\1", "cut short or damaged"),
    (b"\0\0\x08\3\0\0\0\1\0", "3 axes, at most 64, and their sizes in 16 bytes, but has 9"),
    (b"\0\0\x08\x64" + 100 * b"\0\0\0\1" + b"\7", "should have 100 axes, at most 64"),
    (b"\0\0\x08\4\0\0\0\0" + 12 * b"\xff", r"should hold \(0, 4294967295, .* damaged"),
    (b"\0\0\x08\1\0\0\0\5abc", r"should hold \(5,\), which is 13 bytes, but has 11"),
    (PACKED[:-9], "packed by gzip, is cut short or damaged"),
    (PACKED[:-5] + b"?????", "packed by gzip, is cut short or damaged"),
    (PACKED[:15] + b"??" + PACKED[17:], "packed by gzip, is cut short or damaged"),
])
def test_other_files_are_refused(tmp_path, data, message):
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(lucid.LucidError, match=message):
        read_idx(tmp_path / "file")


def test_a_file_that_is_not_there():
    with pytest.raises(FileNotFoundError):
        read_idx("no such file")


def test_cifar_files(tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 256, (5, 3073)).astype(np.uint8)
    rows[:, 0] %= 10
    (tmp_path / "a").write_bytes(rows[:2].tobytes())
    (tmp_path / "b").write_bytes(gzip.compress(rows[2:].tobytes()))
    data = read_cifar10_bin([tmp_path / "a", str(tmp_path / "b")])
    assert len(data) == 5
    image, label = data[3]
    assert image.dtype is lucid.uint8 and label.dtype is lucid.int64
    np.testing.assert_array_equal(image.numpy().ravel(), rows[3, 1:])
    assert label.item() == rows[3, 0] and image[1, 2, 3].item() == rows[3, 1 + 1024 + 64 + 3]


def test_other_files_are_no_cifar_files(tmp_path):
    (tmp_path / "short").write_bytes(bytes(3000))
    with pytest.raises(lucid.LucidError, match="3000 bytes, which is no multiple of 3073"):
        read_cifar10_bin(tmp_path / "short")
    (tmp_path / "label").write_bytes(bytes([11]) + bytes(3072))
    with pytest.raises(lucid.LucidError, match="has the label 11; CIFAR-10 has 0 to 9"):
        read_cifar10_bin(tmp_path / "label")
