"""Files of `torch.save`: a pickle that names tensors, and their bytes, beside it in a zip archive or after it.

The pickle is read by an unpickler that knows tensors and containers and nothing else: what a file wants to have called
or built beyond that is refused by its name and never looked up.
"""

from __future__ import annotations

import collections
import io
import math
import os
import pickle
import zipfile
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

import numpy as np

import tilestack as ts

# By the name of the storage's class or of the dtype: dtype here, bytes of an element in the file.
STORAGES: dict[str, tuple[Any, int]] = {
    "DoubleStorage": (ts.float64, 8),
    "FloatStorage": (ts.float32, 4),
    "HalfStorage": (ts.float16, 2),
    "BFloat16Storage": (ts.bfloat16, 2),
    "LongStorage": (ts.int64, 8),
    "IntStorage": (ts.int32, 4),
    "ShortStorage": (ts.int32, 2),  # there is no int16 here
    "CharStorage": (ts.int8, 1),
    "ByteStorage": (ts.uint8, 1),
    "BoolStorage": (ts.bool, 1),
}
MOST_ELEMENTS = 1 << 28  # of a tensor that is larger than its storage, as expand() makes it
MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # the pickled number before which torch 1.6 began a file


class StorageType(NamedTuple):
    name: str


class Storage(NamedTuple):
    """Bytes of elements that tensors share."""

    data: bytearray
    dtype: Any
    size: int  # bytes of an element
    elements: int


class Call:
    """A function that a pickle may call, without attributes that it could set."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)


class Refused(ValueError):
    """The file holds something that is not read."""


def load_torch(path: str | os.PathLike[str], device: Any = "cpu") -> Any:
    """Read a file of `torch.save`: tensors, in dicts, lists and tuples of them, numbers, strings and None.

    The zip format, and the one that torch wrote before version 1.6. Tensors of one storage share their memory where they
    are contiguous in it; int16 becomes int32. Nothing in the file is executed. Raises FileNotFoundError, or ValueError
    with path and reason: for other objects (by name), damaged or half-downloaded files, and files that are something else.
    """
    with open(path, "rb") as file:
        try:
            return _reader(file)(file, device)
        except Refused as error:
            raise ValueError(f"{os.fspath(path)}: {error}") from None
        except Exception as error:  # whatever a malformed file makes of zipfile and the unpickler
            reason = f"a damaged or half-downloaded file of torch: {error or type(error).__name__}"
            raise ValueError(f"{os.fspath(path)}: {reason}") from None


def _reader(file: BinaryIO) -> Callable[[BinaryIO, Any], Any]:
    start = file.read(512)
    file.seek(0)
    if start.startswith(MAGIC):
        return _load_sequence
    if start.startswith(b"PK"):
        return _load_archive
    if start.startswith(b"\x80"):
        raise Refused("a pickle, but not of torch.save")
    if start[257:262] == b"ustar":
        raise Refused("a tar archive, which torch wrote before version 0.2; load it with torch and save it again")
    raise Refused("not a file of torch: neither a zip archive nor a pickle" if start else "the file is empty")


def _load_archive(file: BinaryIO, device: Any) -> Any:
    """archive/data.pkl names the storages archive/data/KEY."""
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        pickles = [name for name in names if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise Refused("a zip archive, but not of torch.save: it has no data.pkl")
        folder = pickles[0].removesuffix("data.pkl")
        if folder + "constants.pkl" in names:
            raise Refused("a TorchScript archive, which holds code; save the state_dict() of the module instead")
        if folder + "byteorder" in names and archive.read(folder + "byteorder") != b"little":
            raise Refused("written on a big-endian machine, which is not supported")

        def read(key: str, size: int) -> bytes:
            entry = archive.getinfo(f"{folder}data/{key}")
            _check_size(key, size, entry.file_size)  # before it is unpacked
            return archive.read(entry)

        storages = _Storages(read)
        return _Unpickler(io.BytesIO(archive.read(pickles[0])), storages, device).load()


def _load_sequence(file: BinaryIO, device: Any) -> Any:
    """Pickles of a magic number, a version, facts of the machine, the object and the storages' keys; then the storages, each
    as its number of elements and the elements.

    The object is read twice, since its tensors come before their storages.
    """
    left = os.fstat(file.fileno()).st_size
    sizes: dict[str, int] = {}

    def note(key: str, size: int) -> bytes:
        sizes[key] = size
        if sum(sizes.values()) > left:
            raise Refused(f"a damaged or half-downloaded file of torch: {left:,} bytes are too few for its storages")
        return bytes(size)

    plain = _Storages(note)
    _magic, _version, machine = (_Unpickler(file, plain, device).load() for _ in range(3))
    if machine.get("little_endian") is not True:
        raise Refused("written on a big-endian machine, which is not supported")
    start = file.tell()
    _Unpickler(file, plain, "cpu").load()
    keys = _Unpickler(file, plain, device).load()
    contents = {key: file.read(8 + sizes[key])[8:] for key in keys}
    file.seek(start)
    return _Unpickler(file, _Storages(lambda key, size: contents[key]), device).load()


class _Storages:
    """read(key, bytes): the bytes of a storage."""

    def __init__(self, read: Callable[[str, int], bytes]) -> None:
        self.read = read
        self.known: dict[str, Storage] = {}

    def get(self, kind: Any, key: Any, count: Any) -> Storage:
        if not isinstance(kind, StorageType) or not isinstance(key, str) or not _is_size(count):
            raise Refused(f"a storage is described by {kind!r}, {key!r}, {count!r}")
        dtype, size = STORAGES[kind.name]
        if key not in self.known:
            data = bytearray(self.read(key, count * size))
            _check_size(key, count * size, len(data))
            if dtype == ts.bool and max(data, default=0) > 1:
                raise Refused(f"storage {key} of booleans holds the byte {max(data)}")
            self.known[key] = Storage(data, dtype, size, count)
        found = self.known[key]
        if found[1:] != (dtype, size, count):
            raise Refused(f"storage {key} is described in two ways")
        return found


def _check_size(key: str, wanted: int, found: int) -> None:
    if found != wanted:
        state = "truncated" if found < wanted else "damaged"
        raise Refused(f"{state}: storage {key} must have {wanted:,} bytes, it has {found:,}")


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, storages: _Storages, device: Any) -> None:
        super().__init__(file, encoding="utf-8")
        self.storages = storages
        self.device = device
        self.known: dict[tuple[str, str], Any] = {
            ("collections", "OrderedDict"): collections.OrderedDict,
            ("torch._utils", "_rebuild_tensor"): Call(self._tensor),
            ("torch._utils", "_rebuild_tensor_v2"): Call(self._tensor),
            ("torch._utils", "_rebuild_parameter"): Call(lambda data, *_: data),
            ("torch", "Size"): Call(tuple),
            **{("torch", name): StorageType(name) for name in STORAGES},
        }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.known:
            raise Refused(
                f"it holds a {module}.{name}; only tensors, dicts, lists, tuples, numbers and strings are read. With "
                "torch, save the state_dict() of the module instead"
            )
        return self.known[module, name]

    def persistent_load(self, pid: Any) -> Storage:
        if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage" or pid[5:] not in ((), (None,)):
            raise Refused(f"a persistent id {pid!r}, wanted a storage")
        _, kind, key, _location, count, *_ = pid
        return self.storages.get(kind, key, count)

    def _tensor(self, storage: Any, offset: Any, shape: Any, stride: Any, *_: Any) -> ts.Tensor:
        if not isinstance(storage, Storage) or not _are_sizes(shape) or not _are_sizes(stride):
            raise Refused(f"a tensor of shape {shape!r} and strides {stride!r}")
        if not _is_size(offset) or len(shape) != len(stride):
            raise Refused(f"a tensor of shape {shape!r}, strides {stride!r} and offset {offset!r}")
        if len(shape) > 8:
            raise Refused(f"a tensor of {len(shape)} dimensions, at most 8 are supported")
        count = math.prod(shape)
        last = offset + sum((n - 1) * step for n, step in zip(shape, stride, strict=True)) if count else offset
        if last >= storage.elements + (count == 0) or count > max(storage.elements, MOST_ELEMENTS):
            raise Refused(f"a tensor of shape {shape}, strides {stride} and offset {offset} is beyond its storage")
        return _view(storage, offset, shape, stride).to(self.device)


def _view(storage: Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...]) -> ts.Tensor:
    """A view of the storage's bytes if they are as they must lie, else a copy that is."""
    same_size = storage.dtype.itemsize == storage.size
    if same_size and stride == _contiguous(shape):
        return ts.from_buffer(storage.data, storage.dtype, shape, offset * storage.size)
    bits = np.frombuffer(storage.data, f"<i{storage.size}")[offset:]
    strides = [step * storage.size for step in stride]
    array = np.ascontiguousarray(np.lib.stride_tricks.as_strided(bits, shape, strides)).reshape(shape)
    if not same_size:
        return ts.from_numpy(array.astype(np.int32))
    return ts.from_buffer(bytearray(array.tobytes()), storage.dtype, shape)


def _contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides = [1]
    for size in reversed(shape[1:]):
        strides.append(strides[-1] * max(size, 1))
    return tuple(reversed(strides[: len(shape)])) if shape else ()


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**48


def _are_sizes(values: Any) -> bool:
    return isinstance(values, tuple) and all(map(_is_size, values))
