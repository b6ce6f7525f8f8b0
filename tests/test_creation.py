"""Making tensors: values against NumPy's, memory shared where it is said, nonsense refused."""

import array as arrays
import re

import numpy as np
import pytest

import lucid

TYPES = [
    lucid.bool, lucid.uint8, lucid.int8, lucid.int32, lucid.int64, lucid.float32, lucid.float64,
]
each_type = pytest.mark.parametrize("dtype", TYPES, ids=repr)


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (3, lucid.int64), (2.5, lucid.float32), (True, lucid.bool), ([], lucid.float32),
        ([1, 2.5], lucid.float32), ([True, 2], lucid.int64), ([[1], [2]], lucid.int64),
        (range(3), lucid.int64), ((1.0, 2.0), lucid.float32), (np.float64(1), lucid.float64),
        (np.zeros(2), lucid.float64), (np.zeros(2, np.uint8), lucid.uint8),
        (np.zeros(2, ">f4"), lucid.float32), (np.zeros((2, 0), np.int32), lucid.int32),
    ],
    ids=repr,
)
def test_the_type_follows_from_the_data(data, dtype):
    x = lucid.tensor(data)
    assert x.dtype is dtype
    assert x.array.dtype.isnative
    assert x.tolist() == np.asarray(data).tolist()
    assert lucid.as_tensor(data).dtype is dtype


@each_type
def test_a_given_type_wins(dtype):
    assert lucid.tensor([0, 1], dtype=dtype).dtype is dtype
    assert lucid.tensor([0, 1], dtype=dtype.name).tolist() == [0, 1]
    assert lucid.tensor(np.array([0.0, 1.0]), dtype=dtype).dtype is dtype


def test_tensors_in_a_list_keep_their_type():
    pieces = [lucid.tensor(1.0, dtype=lucid.float64), lucid.tensor(2.0, dtype=lucid.float64)]
    assert lucid.tensor(pieces).dtype is lucid.float64
    assert lucid.tensor([lucid.tensor(1), lucid.tensor(2)]).tolist() == [1, 2]


def test_a_tensor_of_a_tensor_is_a_copy_without_graph():
    x = lucid.ones(2, requires_grad=True)
    y = lucid.tensor(x * 2)
    assert y.is_leaf
    assert not y.requires_grad
    assert lucid.as_tensor(x) is x


def test_tensor_copies_and_as_tensor_and_from_numpy_share():
    array = np.zeros(3, np.float32)
    copy, shared, view = lucid.tensor(array), lucid.as_tensor(array), lucid.from_numpy(array)
    array[0] = 7
    assert (copy[0].item(), shared[0].item(), view[0].item()) == (0, 7, 7)
    view.fill_(1)
    assert array.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "array",
    [np.arange(6.0)[::-1], np.arange(6.0)[::2], np.arange(6.0).reshape(2, 3).T, np.zeros((0, 3)),
     np.asfortranarray(np.ones((2, 3))), np.broadcast_to(1.0, (2, 3)), np.zeros(())],
    ids=lambda a: f"{a.shape}{a.strides}",
)
def test_any_strides_may_be_shared(array):
    x = lucid.from_numpy(array)
    assert x.array is array
    assert (x * 2 + 1).tolist() == (array * 2 + 1).tolist()
    assert lucid.tensor(array).is_contiguous()


def test_a_subclass_of_arrays_becomes_an_ordinary_one():
    assert type(lucid.from_numpy(np.ma.masked_array([1.0, 2.0])).array) is np.ndarray


def test_read_only_memory_is_read_and_not_written():
    x = lucid.frombuffer(b"\1\2\3", dtype=lucid.uint8)
    assert (x + 1).tolist() == [2, 3, 4]
    for write in (lambda: x.fill_(0), lambda: x.__setitem__(0, 1), lambda: x.add_(1)):
        with pytest.raises(ValueError, match="memory is read-only.*change a clone"):
            write()
    assert x.tolist() == [1, 2, 3]
    assert x.version == 0


def test_frombuffer_shares_and_reads_a_part():
    buffer = arrays.array("f", [1, 2, 3, 4])
    x = lucid.frombuffer(buffer, dtype=lucid.float32, count=2, offset=4)
    buffer[1] = 7
    assert x.tolist() == [7, 3]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: lucid.tensor([1j]), lucid.DtypeError, "not numbers that lucid has but complex128"),
        (lambda: lucid.tensor([None]), lucid.DtypeError, r"but object: \[None\]"),
        (lambda: lucid.tensor("abc"), lucid.DtypeError, "but str96: 'abc'"),
        (lambda: lucid.tensor([2**70]), lucid.DtypeError, "but object"),
        (lambda: lucid.tensor([2**63]), lucid.DtypeError, "dtype dtype.'uint64'. is not one of"),
        (lambda: lucid.tensor(np.int16([1])), lucid.DtypeError, "'int16'.*bool, uint8, int8"),
        (lambda: lucid.tensor([[1], [2, 3]]), ValueError, "sequences have different lengths"),
        (lambda: lucid.tensor([1, 300], dtype="uint8"), lucid.DtypeError,
         "300 does not fit in uint8, which holds 0 to 255"),
        (lambda: lucid.tensor(-1, dtype="uint8"), lucid.DtypeError, "-1 does not fit in uint8"),
        (lambda: lucid.tensor(float("nan"), dtype="int32"), lucid.DtypeError, "nan does not fit"),
        (lambda: lucid.tensor([1, 2], requires_grad=True), lucid.DtypeError, "this one is int64"),
        (lambda: lucid.from_numpy([1]), TypeError, "needs a numpy.ndarray, not list"),
        (lambda: lucid.from_numpy(np.zeros(2, ">f4")), lucid.DtypeError,
         r"byte order >f4 is not the machine's.*array.astype\('float32'\)"),
        (lambda: lucid.from_numpy(np.zeros(2, "f4,f4")), lucid.DtypeError, "is not one of lucid's"),
        (lambda: lucid.frombuffer(b"12345", dtype="float32"), ValueError, "multiple of element"),
        (lambda: lucid.zeros(2, -3), ValueError, r"shape \(2, -3\) holds a negative size"),
        (lambda: lucid.zeros(2.0), TypeError, r"must be an int, not 2.0 \(float\)"),
        (lambda: lucid.zeros(True), TypeError, "must be an int, not True"),
        (lambda: lucid.eye(-1), ValueError, "negative size"),
        (lambda: lucid.linspace(0, 1, -1), ValueError, "negative size"),
        (lambda: lucid.arange(0, 3, 0), ValueError, "step=0 does not lead from 0 to 3"),
        (lambda: lucid.arange(0, 3, -1), ValueError, "step=-1 does not lead from 0 to 3"),
        (lambda: lucid.zeros_like([1]), TypeError, "zeros_like: needs a Tensor, not list"),
        (lambda: lucid.full_like(3, 1), TypeError, "full_like: needs a Tensor, not int"),
    ],
)
def test_nonsense_is_refused_with_a_reason(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3)], ids=str)
@each_type
def test_makers_give_numpys_values(shape, dtype):
    for maker, numpy in ((lucid.zeros, np.zeros), (lucid.ones, np.ones)):
        for x in (maker(*shape, dtype=dtype), maker(shape, dtype=dtype)):
            assert x.shape == shape
            assert x.dtype is dtype
            assert x.tolist() == numpy(shape, dtype.numpy).tolist()
    assert lucid.empty(shape, dtype=dtype).shape == shape
    model = lucid.ones(shape, dtype=dtype)
    likes = (lucid.zeros_like, lucid.ones_like, lucid.empty_like)
    for x in (*[like(model) for like in likes], lucid.full_like(model, 1)):
        assert (x.shape, x.dtype) == (shape, dtype)


@pytest.mark.parametrize(
    "arguments", [(5,), (2, 7), (1, 2, 0.25), (5, 0, -2), (0,), (0.5, 3), (np.int64(4),)], ids=str
)
def test_arange_counts_as_numpy_does(arguments):
    x = lucid.arange(*arguments)
    assert np.allclose(x.array, np.arange(*arguments))
    is_whole = not any(isinstance(each, float) for each in arguments)
    assert x.dtype is (lucid.int64 if is_whole else lucid.float32)


def test_linspace_eye_and_full():
    assert lucid.linspace(0, 1, 5).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert lucid.linspace(3, 4, 1).tolist() == [3]
    assert lucid.eye(2, 3).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert lucid.full((2,), True).dtype is lucid.bool
    assert lucid.full(2, 1.5, requires_grad=True).requires_grad
    assert lucid.full((), 7).item() == 7


def test_dlpack_shares_with_numpy():
    array = np.zeros(3, np.float32)
    x = lucid.from_dlpack(array)
    array[0] = 5
    assert x[0].item() == 5
    y = np.from_dlpack(lucid.ones(2))
    assert y.tolist() == [1, 1]


def test_dlpack_and_arrays_share_with_pytorch(torch):
    if torch is None:
        pytest.skip("needs torch")
    theirs = torch.zeros(3)
    ours = lucid.from_dlpack(theirs)
    theirs[0] = 5
    assert ours[0].item() == 5
    ours = lucid.zeros(3)
    theirs = torch.from_dlpack(ours)
    theirs[1] = 4
    assert ours.tolist() == [0, 4, 0]
    assert lucid.tensor(torch.ones(2, dtype=torch.float64)).dtype is lucid.float64


def test_a_message_names_long_data_shortly():
    with pytest.raises(lucid.DtypeError, match=re.escape("...")):
        lucid.tensor([None] * 1000)
