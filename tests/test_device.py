"""There is one device."""

import copy
import pickle

import pytest

import lucid
from lucid.device import as_device


@pytest.mark.parametrize("name", ["cpu", "cpu:0", lucid.device("cpu"), None])
def test_the_cpu_goes_by_many_names(name):
    assert as_device(name) == lucid.device("cpu") == "cpu"
    assert lucid.zeros(2, device=name).device == lucid.device("cpu")


def test_pytorchs_device_will_do(torch):
    if torch is None:
        pytest.skip("needs torch")
    assert as_device(torch.device("cpu")) == lucid.device("cpu")


@pytest.mark.parametrize("name", ["cuda", "cuda:1", "mps", "", 0, "float16"])
@pytest.mark.parametrize(
    "call", [lucid.device, as_device, lambda name: lucid.zeros(2, device=name)]
)
def test_other_devices_are_refused_by_name(call, name):
    message = f"device={name!r} is not available: lucid computes on 'cpu' only"
    with pytest.raises(lucid.DeviceError, match=message):
        call(name)


def test_a_device_prints_hashes_copies_and_pickles():
    device = lucid.device("cpu")
    assert (repr(device), str(device)) == ("device(type='cpu')", "cpu")
    assert {device: 1}[lucid.device("cpu:0")] == 1
    assert pickle.loads(pickle.dumps(device)) == copy.deepcopy(device) == device
    assert device != "cuda"
    assert device != 3
