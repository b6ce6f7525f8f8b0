"""Files: what goes in comes out, a kill leaves a whole file, and a bad file is one clear error."""

import io
import json
import math
import os
import pickle
import signal
import stat
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

import lucid
from lucid import nn, serialization
from lucid.serialization import load, save

SOME = {
    "model": {"weight": lucid.tensor([[1.0, -2.0], [3.0, 0.5]]), "bias": lucid.zeros(2)},
    "optimizer": {"state": {0: {"step": 3}}, "param_groups": [{"betas": (0.9, 0.999), "lr": 0.1}]},
    "epoch": 3,
}
ROOT = Path(__file__).resolve().parents[1]


def same(x, y):
    """Whether two values are of the same types and equal, NaN equal to NaN."""
    if type(x) is not type(y):
        return False
    if isinstance(x, dict):
        return list(x) == list(y) and all(same(x[key], y[key]) for key in x)
    if isinstance(x, list | tuple):
        return len(x) == len(y) and all(map(same, x, y))
    if isinstance(x, lucid.Tensor):
        x, y = x.array, y.array
    if isinstance(x, np.ndarray):
        return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
    return x == y or (x != x and y != y)


def members(path):
    """The contents of an archive, by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def forge(path, contents, compression=zipfile.ZIP_STORED):
    """Write an archive with these contents, by name."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)


def npy(text, data=b"", version=(1, 0)):
    """The bytes of an array with this header, true or not."""
    size = struct.pack("<H" if version[0] == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + size + text.encode("latin1") + data


def header(descr="<f4", shape="(2,)"):
    return f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n"


@pytest.mark.parametrize(
    "value",
    [
        {},
        SOME,
        {"a": None, "b": True, "c": -(2**70), "d": 1e-320, "e": math.inf, "f": "\ud800 \x00 ü"},
        {1: "int", "1": "text", None: "none", True if False else 2.5: "float"},
        {"nested": [[], (), {}, [(1, [2])], ({"x": ()},)]},
        {"nan": math.nan},
        {"../../up": lucid.ones(1), "a/b": lucid.zeros(1), "a": {"b": lucid.ones(2)}},
        {"..": {"..": lucid.ones(1)}, "": lucid.ones(2), "ü\n\x00": lucid.ones(3)},
        {"empty": lucid.zeros(0, 3), "scalar": lucid.tensor(5), "bool": lucid.tensor([True])},
        lucid.arange(3),
        [1, 2.5, "x"],
        7,
    ],
    ids=range(12),
)
def test_what_goes_in_comes_out(tmp_path, value):
    save(value, tmp_path / "a.npz")
    assert same(load(tmp_path / "a.npz"), value)


@pytest.mark.parametrize("name", ["float32", "float64", "int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_every_data_type_comes_back(tmp_path, name, suffix):
    x = lucid.tensor([[0, 1], [1, 0]], dtype=name)
    path = tmp_path / f"a.{suffix}"
    save({"x": x, "t": x.T, "empty": x[:0], "one": x[0, 1]}, path)
    back = load(path)
    assert same(dict(sorted(back.items())), {"empty": x[:0], "one": x[0, 1], "t": x.T, "x": x})


@pytest.mark.parametrize("descr", ["<f2", ">f4", ">i8", "|i1", "<u8", "<c8", "<c16"])
def test_arrays_stay_arrays(tmp_path, descr):
    array = np.arange(6).reshape(2, 3).astype(descr)
    save({"c": array, "fortran": np.asfortranarray(array)}, tmp_path / "a.npz")
    back = load(tmp_path / "a.npz")
    for value in back.values():
        assert type(value) is np.ndarray and value.dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(value, array)


def test_a_parameter_comes_back_as_a_tensor_and_a_number_of_numpy_as_one_of_python(tmp_path):
    weight = nn.Parameter(lucid.ones(2))
    save({"weight": weight, "lr": np.float32(0.5), "n": np.int64(3)}, tmp_path / "a.npz")
    back = load(tmp_path / "a.npz")
    assert same(back, {"weight": lucid.ones(2), "lr": 0.5, "n": 3})
    assert not back["weight"].requires_grad


def test_loaded_tensors_can_be_written(tmp_path):
    for suffix in ("npz", "safetensors"):
        save({"x": lucid.ones(3)}, tmp_path / f"a.{suffix}")
        x = load(tmp_path / f"a.{suffix}")["x"]
        x.array[...] = 2
        assert load(tmp_path / f"a.{suffix}")["x"].tolist() == [1, 1, 1]


def test_equal_values_give_equal_files(tmp_path, monkeypatch):
    save(SOME, tmp_path / "a.npz")
    monkeypatch.setattr(time, "time", lambda: 2e9)  # an archive may note dates
    save(SOME, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_numpy_opens_the_file(tmp_path):
    save({"conv.weight": lucid.ones(2), "fc": {"bias": lucid.zeros(3)}}, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as arrays:
        assert sorted(arrays) == ["conv.weight", "fc/bias", "lucid.json"]
        assert arrays["conv.weight"].tolist() == [1, 1]


def test_names_of_members_stay_in_the_archive(tmp_path):
    save({"../../etc": {"/root": lucid.ones(1)}, "..": lucid.ones(1)}, tmp_path / "a.npz")
    for name in members(tmp_path / "a.npz"):
        assert not name.startswith("/") and ".." not in name.split("/")


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_plain_archives_of_numpy_are_read(tmp_path, write):
    write(tmp_path / "a.npz", a=np.float32([[1, 2]]), b=np.asfortranarray(np.eye(3)[:2]), c=7)
    back = load(tmp_path / "a.npz")
    expected = {"a": lucid.tensor([[1.0, 2.0]]), "c": lucid.tensor(7)}
    assert same({"a": back["a"], "c": back["c"]}, expected)
    np.testing.assert_array_equal(back["b"].array, np.eye(3)[:2])


def test_safetensors_of_pytorch_are_read(tmp_path, torch):
    if torch is None:
        pytest.skip("torch is not installed")
    package = pytest.importorskip("safetensors.torch")
    package.save_file({"w": torch.arange(6.0).reshape(2, 3)}, tmp_path / "a.safetensors")
    assert same(load(tmp_path / "a.safetensors"), {"w": lucid.arange(6.0).reshape(2, 3)})
    save({"w": lucid.arange(3)}, tmp_path / "b.safetensors")
    assert package.load_file(tmp_path / "b.safetensors")["w"].tolist() == [0, 1, 2]


def test_what_courses_write_is_understood(tmp_path):
    path = tmp_path / "x.npz"
    save({"x": lucid.ones(2)}, path)
    for options in ({"map_location": "cpu"}, {"map_location": lucid.device("cpu")},
                    {"weights_only": True}, {"weights_only": False}):
        assert load(path, **options)["x"].tolist() == [1, 1]
    with pytest.raises(lucid.DeviceError, match="'cuda:0' is not available"):
        load(path, map_location="cuda:0")


def test_a_state_dict_fills_another_model(tmp_path):
    one, two = (nn.Conv1d(2, 3, 3) for _ in range(2))
    for suffix in ("npz", "safetensors"):
        save(one.state_dict(), tmp_path / f"a.{suffix}")
        two.load_state_dict(load(tmp_path / f"a.{suffix}"))
        assert same(dict(one.state_dict()), dict(two.state_dict()))
        two = nn.Conv1d(2, 3, 3)


# --- what cannot be saved


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ({"a": {"f": print}}, TypeError, "a/f is a builtin_function_or_method; a file holds"),
        ({"a": {1, 2}}, TypeError, "a is a set"),
        ({"a": 1j}, TypeError, "a is a complex"),
        ({(1, 2): 3}, TypeError, "the value has a key of type tuple; use str or int"),
        ({"a": np.array(["x"])}, TypeError, "a is an array of <U1"),
        ({"a": np.array([None])}, TypeError, "a is an array of object"),
    ],
)
def test_what_a_file_cannot_hold_is_refused_and_the_old_file_stays(tmp_path, value, error, message):
    path = tmp_path / "a.npz"
    save(SOME, path)
    with pytest.raises(error, match=message):
        save(value, path)
    assert same(load(path), SOME) and os.listdir(tmp_path) == ["a.npz"]


def test_a_value_that_holds_itself_is_refused(tmp_path):
    value = []
    value.append(value)
    with pytest.raises(ValueError, match="more than 100 dicts and lists in each other"):
        save(value, tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (SOME, TypeError, "'model' is a dict; .safetensors holds one dict of str to tensors"),
        ({1: lucid.ones(1)}, TypeError, "one dict of str to tensors"),
        ([lucid.ones(1)], TypeError, ".safetensors holds one dict of tensors, not a list"),
        ({"__metadata__": lucid.ones(1)}, ValueError, "'__metadata__' is no name for a tensor"),
        ({"a": np.complex64([1])}, TypeError, "'a' is complex64; .safetensors holds real numbers"),
    ],
)
def test_what_safetensors_cannot_hold_is_refused(tmp_path, value, error, message):
    with pytest.raises(error, match=message):
        save(value, tmp_path / "a.safetensors")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("name", ["a.pt", "a", "a.npy", "a.npz.bak"])
def test_other_names_are_refused(tmp_path, name):
    for call in (lambda path: save(SOME, path), load):
        with pytest.raises(ValueError, match="lucid reads and writes .npz and .safetensors"):
            call(tmp_path / name)


def test_only_paths_are_taken(tmp_path):
    with pytest.raises(TypeError, match="path must be a str or a path, not BytesIO"):
        save(SOME, io.BytesIO())
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.npz")
    with pytest.raises(FileNotFoundError):
        save(SOME, tmp_path / "none" / "a.npz")


def test_safetensors_without_its_package_names_it(tmp_path, monkeypatch):
    save({"x": lucid.ones(1)}, tmp_path / "a.safetensors")
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    for call in (lambda: load(tmp_path / "a.safetensors"),
                 lambda: save({}, tmp_path / "b.safetensors")):
        with pytest.raises(lucid.LucidError, match="pip install safetensors"):
            call()


# --- the file on the disk


def test_the_permissions_of_a_file_stay(tmp_path):
    path = tmp_path / "a.npz"
    old = os.umask(0o027)
    try:
        save(SOME, path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        save(SOME, path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o604
    finally:
        os.umask(old)


def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "a.npz", tmp_path / "link.npz"
    link.symlink_to("far/a.npz")
    save({"n": 1}, link)  # the target is not there yet
    save({"n": 2}, link)
    assert link.is_symlink() and not target.is_symlink()
    assert load(target) == load(link) == {"n": 2}
    assert sorted(os.listdir(tmp_path)) == ["far", "link.npz"]


def test_ctrl_c_right_after_the_renaming_is_heard(tmp_path, monkeypatch):
    def rename(*paths, rename=os.replace):
        rename(*paths)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", rename)
    with pytest.raises(KeyboardInterrupt):
        save({"n": 1}, tmp_path / "a.npz")
    assert os.listdir(tmp_path) == ["a.npz"] and load(tmp_path / "a.npz") == {"n": 1}


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_disk_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, step):
    path = tmp_path / "a.npz"
    save({"n": 1}, path)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(serialization.os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        save({"n": 2}, path)
    monkeypatch.undo()
    assert load(path) == {"n": 1} and os.listdir(tmp_path) == ["a.npz"]


def as_nobody(function):
    """Call it in a child process that has no rights of its own; its exit status."""
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            function()
            os._exit(0)
        except PermissionError:
            os._exit(13)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_folders_and_files_that_are_read_only_are_respected():
    # not tmp_path, whose parents are closed to others
    folder = Path(os.path.realpath(os.path.expandvars("/tmp")), f"lucid-test-{os.getpid()}")
    folder.mkdir(mode=0o777)
    try:
        folder.chmod(0o777)
        path = folder / "a.npz"
        save({"n": 1}, path)
        path.chmod(0o444)
        assert as_nobody(lambda: load(path)) == 0
        assert as_nobody(lambda: save({"n": 2}, folder / "b.npz")) == 0
        assert as_nobody(lambda: save({"n": 2}, path)) == 13
        folder.chmod(0o555)
        assert as_nobody(lambda: save({"n": 2}, folder / "c.npz")) == 13
        assert load(path) == {"n": 1} and sorted(os.listdir(folder)) == ["a.npz", "b.npz"]
    finally:
        folder.chmod(0o777)
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


WRITER = """
import sys, lucid
from lucid.serialization import save
for n in range(1000000):
    save({"n": n, "x": lucid.full((200_000,), float(n))}, sys.argv[1])
    print(n, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize("delay", [0.0, 0.001, 0.002, 0.003, 0.005, 0.008])
def test_a_kill_in_the_middle_leaves_a_whole_file(tmp_path, delay):
    path = tmp_path / "a.npz"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as writer:
        for _ in range(3):
            done = int(writer.stdout.readline())
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
    back = load(path)
    assert back["n"] >= done
    assert back["x"].shape == (200_000,) and (back["x"].array == back["n"]).all()


# --- damaged files


def reads_the_same_or_refuses(path, value):
    """Load a damaged file: it is refused by name, or the damage was where nothing stands."""
    try:
        back = load(path)
    except lucid.LucidError as error:
        assert str(error).startswith(f"{path} cannot be read: ")
        return False
    assert same(back, value)
    return True


@pytest.fixture(params=["lucid", "plain", "compressed", "safetensors"])
def whole(request, tmp_path):
    """A file, and what it holds."""
    value = {"weight": lucid.arange(40.0).reshape(4, 10), "bias": lucid.zeros(3)}
    path = tmp_path / ("a.safetensors" if request.param == "safetensors" else "a.npz")
    if request.param in ("lucid", "safetensors"):
        save(value, path)
    else:
        write = np.savez if request.param == "plain" else np.savez_compressed
        write(path, **{name: x.array for name, x in value.items()})
    return path, load(path)


def test_a_file_cut_short_anywhere_is_refused(whole):
    path, value = whole
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        assert not reads_the_same_or_refuses(path, value), f"cut to {length} of {len(data)} bytes"


def test_a_bit_flipped_anywhere_is_refused_or_harmless(whole):
    path, value = whole
    data = path.read_bytes()
    sums = path.suffix == ".npz"  # a zip archive has checksums, the other format has none
    harmless = 0
    for place in range(8 * len(data)):
        bad = bytearray(data)
        bad[place // 8] ^= 1 << place % 8
        path.write_bytes(bad)
        if sums:
            harmless += reads_the_same_or_refuses(path, value)
        else:
            try:
                load(path)
            except lucid.LucidError:
                pass
    assert harmless < 0.3 * 8 * len(data)  # dates, versions, permissions


def test_random_bytes_are_refused(tmp_path):
    source = np.random.default_rng(0)
    starts = [("npz", b""), ("npz", b"PK\x03\x04"), ("safetensors", b"\x40" + bytes(7))]
    for suffix, start in starts:
        path = tmp_path / f"a.{suffix}"
        for length in (0, 1, 2, 7, 8, 9, 30, 300, 5000):
            path.write_bytes(start + source.bytes(length))
            with pytest.raises(lucid.LucidError, match=f"{path.name} cannot be read"):
                load(path)


# --- hostile files


class Bomb:
    def __reduce__(self):
        return os.abort, ()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_never_opened(tmp_path, protocol):
    path = tmp_path / "a.npz"
    path.write_bytes(pickle.dumps(Bomb(), protocol))
    with pytest.raises(lucid.LucidError, match="it is a pickle, which lucid never opens"):
        load(path)


def test_pickled_objects_in_an_archive_are_never_opened(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, a=np.array([Bomb(), None], dtype=object))
    with pytest.raises(lucid.LucidError, match="a.npy holds pickled objects, which lucid never"):
        load(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "EOF|magic"),
        (b"\x93NUMPX\x01\x00", "magic"),
        (npy(header(), version=(9, 0)), "a.npy has format version 9"),
        (npy(header(), bytes(7)), r"shape \(2,\) of float32, 8 bytes, but 7 bytes of data"),
        (npy(header(), bytes(9)), "8 bytes, but 9 bytes of data"),
        (npy(header(shape="(99999999999999999999, 9)"), bytes(8)), "but 8 bytes of data"),
        (npy(header(shape="(4294967296, 4294967296, 0)")), "cannot be read"),
        (npy(header(shape="(-2,)"), bytes(8)), "a.npy has an unknown header"),
        (npy(header(shape="(True,)"), bytes(8)), "a.npy has an unknown header"),
        (npy(header(descr="<f3"), bytes(6)), "cannot be read"),
        (npy(header(descr="<m8"), bytes(16)), "a.npy has an unknown header"),
        (npy(header(descr="<u2"), bytes(4)), "uint16"),
        (npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }\n"), "unknown he"),
        (npy("__import__('os').abort()"), "a.npy has an unknown header"),
        (npy("(" * 4000), "a.npy has an unknown header"),
        (npy(" " * 5000 + header()), "a.npy has a header of 5058 bytes, not <= 4096"),
        (npy(header(), version=(2, 0))[:10] + b"\xff\xff\xff\xff", "has a header of"),
        (npy("", version=(2, 0))[:8] + b"\xff\xff\xff\x7f", "has a header of 2147483647 bytes"),
        (npy(header(shape="(" + "1, " * 70 + "2)"), bytes(8)), "cannot be read"),
    ],
    ids=range(19),
)
def test_an_array_that_lies_is_refused(tmp_path, data, message):
    path = tmp_path / "a.npz"
    forge(path, {"a.npy": data})
    with pytest.raises(lucid.LucidError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["/etc/a.npy", "../a.npy", "b/../../a.npy"])
def test_a_name_that_leads_out_of_the_archive_is_refused(tmp_path, name):
    forge(tmp_path / "a.npz", {name: npy(header(), bytes(8))})
    with pytest.raises(lucid.LucidError, match="leads out of the archive"):
        load(tmp_path / "a.npz")


def test_an_archive_with_other_things_in_it_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    forge(path, {"a.npy": npy(header(), bytes(8)), "run.sh": "rm"})
    with pytest.raises(lucid.LucidError, match="member 'run.sh' is no array"):
        load(path)
    forge(path, {"a.npy": npy(header(), bytes(8))}, zipfile.ZIP_BZIP2)
    with pytest.raises(lucid.LucidError, match="member 'a.npy' has compression 12"):
        load(path)
    with pytest.warns(UserWarning), zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", npy(header(), bytes(8)))
        archive.writestr("a.npy", npy(header(), bytes(8)))
    with pytest.raises(lucid.LucidError, match="two members are called 'a.npy'"):
        load(path)


def test_an_archive_that_swells_is_refused_before_it_does(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.zeros(2**24))
    assert path.stat().st_size < 2**18
    with pytest.raises(lucid.LucidError, match="would unpack to 1342178.. bytes from"):
        load(path)
    np.savez_compressed(path, a=np.zeros(2**22))  # 32 MiB are always allowed
    assert load(path)["a"].shape == (2**22,)


def test_members_that_claim_more_than_the_file_has_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    forge(path, {"a.npy": npy(header(), bytes(8))})
    data = path.read_bytes()
    size = len(npy(header(), bytes(8)))
    place = data.index(b"PK\x01\x02") + 20  # both sizes, in the directory at the end
    assert data[place : place + 8] == struct.pack("<II", size, size)
    path.write_bytes(data[:place] + struct.pack("<II", 2**30, 2**30) + data[place + 8 :])
    with pytest.raises(lucid.LucidError, match="members claim 1073741824 bytes, the file has"):
        load(path)
    path.write_bytes(data[:place] + struct.pack("<II", size, size - 4) + data[place + 8 :])
    with pytest.raises(lucid.LucidError, match="member 'a.npy' claims two sizes"):
        load(path)


def structure(value, **changes):
    return json.dumps({"format": "lucid", "version": 1, "value": value, **changes})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (structure({"tensor": "b.npy"}), "array 'b.npy' is missing, or named twice"),
        (structure([{"tensor": "a.npy"}] * 2), "array 'a.npy' is missing, or named twice"),
        (structure(1), "a.npy has no place in lucid.json"),
        (structure({"call": "os.abort"}), "unknown kind 'call'"),
        (structure({"tensor": "a.npy", "array": "a.npy"}), "cannot be read"),
        (structure({}), "cannot be read"),
        (structure({"tensor": ["a.npy"]}), "cannot be read"),
        (structure({"dict": [["a", 1], ["a", {"tensor": "a.npy"}]]}), "a dict with a key twice"),
        (structure({"dict": [[{}, 1]]}), "cannot be read"),
        (structure({"dict": [["a"]]}), "cannot be read"),
        (structure({"dict": 3}), "cannot be read"),
        (structure({"tensor": "a.npy"}, version=2), "has version 2; this lucid reads 1"),
        (structure({"tensor": "a.npy"}, format="other"), "has version 1"),
        ("[" * 100_000, "cannot be read"),
        (structure(0).replace("0}", "[" * 2000 + "]" * 2000 + "}"), "cannot be read"),
        ("[]", "cannot be read"),
        ("{}", "cannot be read"),
        ("", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        ("1" * 10_000, "cannot be read"),
    ],
    ids=range(20),
)
def test_a_structure_that_lies_is_refused(tmp_path, text, message):
    forge(tmp_path / "a.npz", {"lucid.json": text, "a.npy": npy(header(), bytes(8))})
    with pytest.raises(lucid.LucidError, match=message):
        load(tmp_path / "a.npz")


def test_a_compressed_structure_is_refused(tmp_path):
    forge(tmp_path / "a.npz", {"lucid.json": structure(1)}, zipfile.ZIP_DEFLATED)
    with pytest.raises(lucid.LucidError, match="lucid.json is compressed"):
        load(tmp_path / "a.npz")


def safe(entries, data=b"", length=None):
    text = json.dumps(entries).encode() if isinstance(entries, dict) else entries
    return struct.pack("<Q", len(text) if length is None else length) + text + data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "header claims 0 bytes, the file has 0"),
        (safe({}, length=2**63), "header claims 9223372036854775808 bytes, the file has 10"),
        (safe(b"{"), "cannot be read"),
        (safe({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(7)), "annot be"),
        (safe({"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}, bytes(8)), "annot be"),
        (safe({"a": {"dtype": "F99", "shape": [2], "data_offsets": [0, 8]}}, bytes(8)), "annot be"),
        (safe({"a": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}}, bytes(8)),
         "annot be"),
        (safe({"a": {"dtype": "I16", "shape": [4], "data_offsets": [0, 8]}}, bytes(8)), "int16"),
        (safe({"a": {"dtype": "F32", "shape": [2**62, 2**62], "data_offsets": [0, 8]}}, bytes(8)),
         "cannot be read"),
        (safe({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
               "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}, bytes(12)),
         "cannot be read"),
    ],
    ids=range(10),
)
def test_a_safetensors_file_that_lies_is_refused(tmp_path, data, message):
    pytest.importorskip("safetensors")
    path = tmp_path / "a.safetensors"
    path.write_bytes(data)
    with pytest.raises(lucid.LucidError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)
