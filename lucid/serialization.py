"""Saving and loading: NumPy's `.npz` archives and `.safetensors`, never a pickle.

A pickle can run any program when it is read. An `.npz` is a zip archive of arrays, each with a
short header of text; we add one member, `lucid.json`, that says how the arrays stand in dicts and
lists. Nothing in a file is believed before it is compared with the length of the file.
"""

import importlib
import json
import math
import os
import re
import stat
import struct
import zipfile
import zlib
from contextlib import contextmanager, suppress

import numpy as np

from lucid.device import as_device
from lucid.errors import LucidError
from lucid.tensor import Tensor

__all__ = ["load", "save"]

STRUCTURE = "lucid.json"
VERSION = 1
MAX_DEPTH = 100  # of dicts and lists in each other; a value that holds itself ends here
MAX_EXPANSION = 100  # bytes in memory for each byte of a compressed file, beyond the first 64 MiB
FREE_EXPANSION = 2**26
MAX_HEADER = 4096  # bytes; NumPy writes 128 for ordinary arrays
HEADER = re.compile(
    rb"\{'descr': '([<>|]?[biufc]\d{1,2})', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d+, ?)*\d*)\), \}\s*"
)
# what zipfile, zlib, json and NumPy raise at a damaged file
FAULTS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def save(obj, path):
    r"""Write a state dict, or several with numbers and text around them, to a file.

    The file is written beside `path` and put in its place at the end: whoever reads `path`, even
    after a power cut in the middle, finds the old file or the new one, whole.

    Parameters
    ----------
    obj : dict
        For `.npz`: Tensor, numpy.ndarray (of bool, int, float or complex), str, int, float, bool
        and None, in dict (with keys of these plain types), list and tuple, to a depth of 100. A
        Parameter is saved as a Tensor, a NumPy number as a Python number. For `.safetensors`: one
        dict of str to Tensor or numpy.ndarray.
    path : str or os.PathLike
        Ends in `.npz` or `.safetensors`. A link stays, its target is replaced; the permissions of
        a file that is replaced stay.

    Raises
    ------
    TypeError
        If a value or key is of another type.
    ValueError
        If the name ends otherwise, or `obj` is nested too deep.
    LucidError
        If the package `safetensors` is needed and not installed.
    OSError
        If the file cannot be written; an old one is untouched.

    Notes
    -----
    A process that is killed may leave its unfinished file: `.` + name + 8 letters + `.tmp`.
    `numpy.load` opens the `.npz` too. Equal values give equal files, byte by byte.

    References
    ----------
    .. [1] NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays".

    Examples
    --------
    >>> import os, tempfile
    >>> import lucid
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "run.npz")
    >>> lucid.save({"model": {"weight": lucid.ones(2)}, "epoch": 3}, path)
    >>> lucid.load(path)
    {'model': {'weight': tensor([1., 1.])}, 'epoch': 3}
    >>> folder.cleanup()
    """
    path, suffix = _split(path)
    if suffix == ".safetensors":
        data = _pack_safetensors(obj)
        with _replacing(path) as file:
            file.write(data)
        return
    arrays = {}
    structure = {"format": "lucid", "version": VERSION, "value": _encode(obj, (), arrays)}
    text = json.dumps(structure).encode("ascii")
    with _replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(STRUCTURE), text)
        for name, array in arrays.items():
            with archive.open(name, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def load(path, map_location=None, *, weights_only=True):
    """Read what `save` wrote; also any `.npz` of plain arrays and any `.safetensors`.

    A file is data only: nothing in it is executed, and a file that lies about its sizes is refused
    before memory is taken for it.

    Parameters
    ----------
    path : str or os.PathLike
        Ends in `.npz` or `.safetensors`.
    map_location : device, optional
        Only ``"cpu"``.
    weights_only : bool, default True
        Without effect: a file never holds more than data.

    Returns
    -------
    object
        What was saved. From a plain `.npz` or a `.safetensors`: a dict of str to Tensor. A
        Parameter comes back as a Tensor; nothing requires a gradient.

    Raises
    ------
    LucidError
        If the file is damaged, cut short, hostile, written by a later lucid, or holds pickled
        objects or data types that lucid does not have; the message names the file and the fault.
        Also if the package `safetensors` is needed and not installed.
    DeviceError
        If `map_location` is another device.
    ValueError
        If the name ends otherwise.
    OSError
        If the file is not there or cannot be opened.

    Notes
    -----
    A compressed `.npz` may grow to 64 MiB or 100 times its length in memory, whichever is more.

    Examples
    --------
    >>> import os, tempfile
    >>> import lucid
    >>> import numpy as np
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "plain.npz")
    >>> np.savez(path, weight=np.float32([1, 2]))
    >>> lucid.load(path)
    {'weight': tensor([1., 2.])}
    >>> folder.cleanup()
    """
    as_device(map_location)
    path, suffix = _split(path)
    read = _read_npz if suffix == ".npz" else _read_safetensors
    with open(path, "rb") as file:
        length = os.fstat(file.fileno()).st_size
        try:
            return read(file, length)
        except FAULTS as fault:
            raise LucidError(f"{path} cannot be read: {fault}") from fault


def _split(path):
    """Return the path as text and its suffix, one of the two that are known."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path must be a str or a path, not {type(path).__name__}")
    path = os.fsdecode(path)
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in (".npz", ".safetensors"):
        pickled = suffix in (".pt", ".pth", ".pkl")
        hint = "; PyTorch writes a state dict so by safetensors.torch.save_file" if pickled else ""
        raise ValueError(
            f"{path} ends in {suffix!r}; lucid reads and writes .npz and .safetensors{hint}"
        )
    return path, suffix


@contextmanager
def _replacing(path):
    """Open a new file that takes the place of `path` when the block ends well."""
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    mode = stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else None
    if mode is not None and not os.access(path, os.W_OK):
        raise PermissionError(f"{path} is read-only")
    temporary = os.path.join(folder, f".{name}.{os.urandom(4).hex()}.tmp")
    with open(temporary, "xb") as file:
        try:
            yield file
            file.flush()
            if mode is not None:
                os.chmod(temporary, mode)
            os.fsync(file.fileno())
            file.close()
            os.replace(temporary, path)
        except BaseException:
            with suppress(FileNotFoundError):  # Ctrl-C may come when it has just been renamed
                os.unlink(temporary)
            raise
    if os.name == "posix":  # the new name is on the disk only when the folder is
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _encode(value, place, arrays):
    """Turn a value into JSON, and put the arrays in it into `arrays` under names of their own."""
    where = "/".join(map(str, place)) or "the value"
    if len(place) > MAX_DEPTH:
        raise ValueError(f"more than {MAX_DEPTH} dicts and lists in each other at {where[:60]}...")
    if isinstance(value, Tensor | np.ndarray):
        kind = "tensor" if isinstance(value, Tensor) else "array"
        return {kind: _add_member(_plain_array(value, where), place, arrays)}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        for key in value:
            if not (key is None or isinstance(key, bool | int | float | str)):
                raise TypeError(f"{where} has a key of type {type(key).__name__}; use str or int")
        items = value.items()
        return {"dict": [[key, _encode(item, (*place, key), arrays)] for key, item in items]}
    if isinstance(value, list | tuple):
        items = [_encode(item, (*place, number), arrays) for number, item in enumerate(value)]
        return items if isinstance(value, list) else {"tuple": items}
    raise TypeError(
        f"{where} is a {type(value).__name__}; a file holds tensors, arrays, numbers, text, "
        f"None, and dicts, lists and tuples of them"
    )


def _plain_array(value, where):
    """Return the array of a tensor or array, refusing what would need a pickle."""
    array = value.array if isinstance(value, Tensor) else value
    if array.dtype.kind not in "biufc":
        raise TypeError(f"{where} is an array of {array.dtype}; a file holds arrays of numbers")
    return array


def _add_member(array, place, arrays):
    """Choose a name that is safe in an archive, and like the keys that lead to the array."""
    parts = [re.sub(r"[^\w.-]", "_", str(key)) for key in place]
    name = "/".join("_" if not part.strip(".") else part for part in parts) or "value"
    while f"{name}.npy" in arrays:
        name += "_"
    arrays[f"{name}.npy"] = array
    return f"{name}.npy"


def _read_npz(file, length):
    """Read an archive: what `save` wrote, or plain arrays."""
    start = file.read(2)
    if start[:1] == b"\x80":
        raise ValueError("it is a pickle, which lucid never opens")
    if start != b"PK":
        raise ValueError(f"it is no zip archive; it starts with {start!r}")
    with zipfile.ZipFile(file) as archive:
        members = _check_members(archive.infolist(), length)
        text = members.pop(STRUCTURE, None)
        if text is None:
            arrays = {name.removesuffix(".npy"): _read_array(archive, members[name])
                      for name in members}
            return {name: Tensor(array) for name, array in arrays.items()}
        structure = json.loads(archive.read(text))
        if structure["format"] != "lucid" or structure["version"] != VERSION:
            raise ValueError(
                f"{STRUCTURE} has version {structure['version']}; this lucid reads {VERSION}"
            )
        value = _decode(structure["value"], archive, members)
    if members:
        raise ValueError(f"{sorted(members)[0]} has no place in {STRUCTURE}")
    return value


def _check_members(infos, length):
    """Return the members by name, after comparing what they claim with the length of the file."""
    members = {}
    packed = sum(info.compress_size for info in infos)
    unpacked = sum(info.file_size for info in infos)
    if packed > length:
        raise ValueError(f"its members claim {packed} bytes, the file has {length}")
    if unpacked > max(FREE_EXPANSION, MAX_EXPANSION * length):
        raise ValueError(f"it would unpack to {unpacked} bytes from {length}")
    for info in infos:
        name = info.filename
        if name in members:
            raise ValueError(f"two members are called {name!r}")
        if name.startswith("/") or ".." in name.split("/"):
            raise ValueError(f"member name {name!r} leads out of the archive")
        if name != STRUCTURE and not name.endswith(".npy"):
            raise ValueError(f"member {name!r} is no array")
        if info.comment:  # a damaged length would swallow the next member
            raise ValueError(f"member {name!r} has a comment")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"member {name!r} has compression {info.compress_type}")
        if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
            raise ValueError(f"member {name!r} claims two sizes")
        members[name] = info
    text = members.get(STRUCTURE)
    if text is not None and text.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{STRUCTURE} is compressed")
    return members


def _read_array(archive, info):
    """Read one member of an archive."""
    with archive.open(info) as member:
        return read_array(member, info.filename, info.file_size)


def read_array(file, name, length):
    """Read a file of one array, of `length` bytes: magic, header, elements, nothing else."""
    major, _ = np.lib.format.read_magic(file)
    if major not in (1, 2, 3):
        raise ValueError(f"{name} has format version {major}")
    size = int.from_bytes(file.read(2 if major == 1 else 4), "little")
    if size > MAX_HEADER:
        raise ValueError(f"{name} has a header of {size} bytes, not <= {MAX_HEADER}")
    text = file.read(size)
    if b"|O" in text:
        raise ValueError(f"{name} holds pickled objects, which lucid never opens")
    header = HEADER.fullmatch(text)
    if header is None:
        raise ValueError(f"{name} has an unknown header {text.strip()[:80]!r}")
    dtype = np.dtype(header[1].decode())
    shape = tuple(int(axis) for axis in header[3].decode().split(",") if axis.strip())
    count = math.prod(shape)
    left = length - file.tell()
    if count * dtype.itemsize != left:
        raise ValueError(
            f"{name} has shape {shape} of {dtype}, {count * dtype.itemsize} bytes, "
            f"but {left} bytes of data"
        )
    array = np.empty(count, dtype)
    view = memoryview(array.view(np.uint8))
    while view:
        read = file.readinto(view[: 2**20])
        if not read:
            raise EOFError(f"{name} is cut short")
        view = view[read:]
    file.read(1)  # zipfile compares the checksum at the end
    array = array.astype(dtype.newbyteorder("="), copy=False)
    return array.reshape(shape, order="F" if header[2] == b"True" else "C")


def _decode(node, archive, members):
    """Turn JSON back into the value; each array is taken out of `members`, so it is read once."""
    if isinstance(node, list):
        return [_decode(item, archive, members) for item in node]
    if not isinstance(node, dict):
        return node
    ((kind, content),) = node.items()
    if kind in ("tensor", "array"):
        if content not in members:
            raise ValueError(f"array {content!r} is missing, or named twice in {STRUCTURE}")
        array = _read_array(archive, members.pop(content))
        return Tensor(array) if kind == "tensor" else array
    if kind == "tuple":
        return tuple(_decode(content, archive, members))
    if kind == "dict":
        value = {key: _decode(item, archive, members) for key, item in content}
        if len(value) != len(content):
            raise ValueError(f"{STRUCTURE} has a dict with a key twice")
        return value
    raise ValueError(f"{STRUCTURE} has an unknown kind {kind!r}")


def _safetensors():
    """Return the package, which only these files need."""
    try:
        return importlib.import_module("safetensors.numpy")
    except ImportError as error:
        raise LucidError(
            "files in .safetensors need the package safetensors: pip install safetensors"
        ) from error


def _pack_safetensors(obj):
    """Return the bytes of a `.safetensors` file."""
    package = _safetensors()
    if not isinstance(obj, dict):
        raise TypeError(f".safetensors holds one dict of tensors, not a {type(obj).__name__}")
    arrays = {}
    for name, value in obj.items():
        if not isinstance(name, str) or not isinstance(value, Tensor | np.ndarray):
            raise TypeError(
                f"{name!r} is a {type(value).__name__}; .safetensors holds one dict of str to "
                f"tensors, so use .npz, or save only the state dict of the model"
            )
        if name == "__metadata__":
            raise ValueError("'__metadata__' is no name for a tensor in .safetensors")
        array = _plain_array(value, name)
        if array.dtype.kind == "c":
            raise TypeError(f"{name!r} is {array.dtype}; .safetensors holds real numbers")
        arrays[name] = np.require(array, requirements="C")
    return package.save(arrays)


def _read_safetensors(file, length):
    """Read a `.safetensors` file; the package checks names, types and intervals."""
    package = _safetensors()
    header = int.from_bytes(file.read(8), "little")
    if length < 8 or header > length - 8:
        raise ValueError(f"its header claims {header} bytes, the file has {length}")
    try:
        arrays = package.load_file(file.name)
    except importlib.import_module("safetensors").SafetensorError as error:
        raise ValueError(str(error)) from error
    return {name: Tensor(array) for name, array in arrays.items()}
