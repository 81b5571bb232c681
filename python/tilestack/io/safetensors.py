"""The safetensors format: a u64 header length, a JSON header, then the tensors' bytes without gaps."""

from __future__ import annotations

import json
import math
import mmap as mmap_module
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

import tilestack as ts

from .files import atomic_write

MAX_HEADER = 100_000_000
DTYPES: dict[str, Any] = {
    "F64": ts.float64,
    "F32": ts.float32,
    "BF16": ts.bfloat16,
    "F16": ts.float16,
    "I64": ts.int64,
    "I32": ts.int32,
    "I8": ts.int8,
    "U8": ts.uint8,
    "BOOL": ts.bool,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


class Entry(NamedTuple):
    """One tensor of a file: bytes start to stop, counted from the end of the header."""

    name: str
    dtype: Any
    shape: tuple[int, ...]
    start: int
    stop: int


class Header(NamedTuple):
    entries: list[Entry]
    metadata: dict[str, str]
    size: int  # bytes before the first tensor


def load_file(path: str | os.PathLike[str], mmap: bool = True, device: Any = "cpu") -> dict[str, ts.Tensor]:
    """Load the tensors of a safetensors file, or of all shards that a `model.safetensors.index.json` names.

    mmap: True maps the file, so that its pages are read when a tensor is first used; writing to a tensor changes only
    this process's copy. False reads the file into memory now. device: where the tensors are to be.
    Raises FileNotFoundError for a missing file and ValueError, with path and reason, for one that breaks the format.
    """
    if os.fspath(path).endswith(".index.json"):
        return load_shards(Path(path), lambda shard: load_file(shard, mmap, device))
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        header = _read_header(file, size, path)
        if mmap and size:
            buffer: Any = mmap_module.mmap(file.fileno(), size, access=mmap_module.ACCESS_COPY)
        else:
            file.seek(0)
            buffer = bytearray(file.read())
            _require(len(buffer) == size, path, "its size changed while it was read")
    return {entry.name: _tensor(buffer, header.size, entry, path).to(device) for entry in header.entries}


def load_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """The words that a safetensors file carries beside its tensors. Errors as `load_file`."""
    with open(path, "rb") as file:
        return _read_header(file, os.fstat(file.fileno()).st_size, path).metadata


def save_file(
    tensors: Mapping[str, Any], path: str | os.PathLike[str], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors or numpy arrays, by name, to a safetensors file, atomically; the same input gives the same bytes.

    metadata: words to keep beside them; {"format": "pt"} is always there, which other loaders expect.
    Raises TypeError for what is no tensor and OSError, leaving an old file as it was, where writing fails.
    """
    arrays = {name: _checked(name, value) for name, value in tensors.items()}
    arrays = dict(sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0])))  # keeps every tensor aligned
    header: dict[str, Any] = {"__metadata__": {"format": "pt", **(metadata or {})}}
    offset = 0
    for name, x in arrays.items():
        stop = offset + x.numel() * x.itemsize
        header[name] = {"dtype": NAMES[x.dtype], "shape": list(x.shape), "data_offsets": [offset, stop]}
        offset = stop
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with atomic_write(path) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for x in arrays.values():
            file.write(_bytes(x))


def _read_header(file: BinaryIO, size: int, path: str | os.PathLike[str]) -> Header:
    _require(size >= 8, path, f"{size} bytes are too few for the length of its header")
    length = int.from_bytes(file.read(8), "little")
    _require(
        length <= MAX_HEADER, path, f"its header would be {length:,} bytes long, at most {MAX_HEADER:,} are allowed"
    )
    _require(8 + length <= size, path, f"truncated: the header ends at byte {8 + length:,}, the file at {size:,}")
    text = file.read(length)
    _require(text[:1] == b"{", path, "its header is not a JSON object")
    try:
        header = json.loads(text.decode(), object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not a valid safetensors file: its header is bad JSON: {error}") from None
    metadata = header.pop("__metadata__", {})
    _require(
        isinstance(metadata, dict) and all(isinstance(word, str) for word in metadata.values()),
        path,
        "__metadata__ must map strings to strings",
    )
    entries = [_entry(name, fields, path) for name, fields in header.items()]
    _check_layout(entries, size - 8 - length, path)
    return Header(entries, metadata, 8 + length)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"duplicate key {next(name for name in names if names.count(name) > 1)!r}")
    return result


def _entry(name: str, fields: Any, path: str | os.PathLike[str]) -> Entry:
    _require(
        isinstance(fields, dict) and fields.keys() == {"dtype", "shape", "data_offsets"},
        path,
        f"tensor {name!r} must have dtype, shape and data_offsets",
    )
    dtype, shape, offsets = fields["dtype"], fields["shape"], fields["data_offsets"]
    _require(
        isinstance(dtype, str) and dtype in DTYPES,
        path,
        f"tensor {name!r} has dtype {dtype!r}, supported are {', '.join(DTYPES)}",
    )
    _require(_are_sizes(shape), path, f"tensor {name!r} has shape {shape!r}, wanted a list of sizes")
    _require(len(shape) <= 8, path, f"tensor {name!r} has {len(shape)} dimensions, at most 8 are supported")
    _require(
        _are_sizes(offsets) and len(offsets) == 2 and offsets[0] <= offsets[1],
        path,
        f"tensor {name!r} has data_offsets {offsets!r}, wanted [begin, end]",
    )
    wanted = math.prod(shape) * DTYPES[dtype].itemsize
    _require(
        offsets[1] - offsets[0] == wanted,
        path,
        f"tensor {name!r} of dtype {dtype} and shape {tuple(shape)} needs {wanted:,} bytes, but data_offsets {offsets} "
        f"hold {offsets[1] - offsets[0]:,}",
    )
    return Entry(name, DTYPES[dtype], tuple(shape), offsets[0], offsets[1])


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 2**63 for value in values)


def _check_layout(entries: list[Entry], size: int, path: str | os.PathLike[str]) -> None:
    """The tensors must fill the `size` bytes after the header, one after the other."""
    end = 0
    for entry in sorted(entries, key=lambda e: (e.start, e.stop)):
        _require(
            entry.stop <= size,
            path,
            f"truncated: tensor {entry.name!r} ends at byte {entry.stop:,} of the data, which has {size:,}",
        )
        _require(entry.start >= end, path, f"tensor {entry.name!r} overlaps the one before it")
        _require(
            entry.start == end, path, f"there is a hole of {entry.start - end:,} bytes before tensor {entry.name!r}"
        )
        end = entry.stop
    _require(end == size, path, f"{size - end:,} bytes after the last tensor belong to none")


def _tensor(buffer: Any, offset: int, entry: Entry, path: str | os.PathLike[str]) -> ts.Tensor:
    offset += entry.start
    if entry.dtype == ts.bool and entry.stop > entry.start:
        largest = np.frombuffer(buffer, np.uint8, entry.stop - entry.start, offset).max()
        _require(largest <= 1, path, f"tensor {entry.name!r} of dtype BOOL holds the byte {largest}")
    return ts.from_buffer(buffer, entry.dtype, entry.shape, offset)


def _checked(name: str, value: Any) -> ts.Tensor:
    if name == "__metadata__" or not isinstance(name, str):
        raise ValueError(f"save_file: {name!r} cannot be the name of a tensor")
    if isinstance(value, np.ndarray):
        value = ts.from_numpy(value)
    if not isinstance(value, ts.Tensor):
        raise TypeError(f"save_file: {name!r} must be a Tensor or a numpy array, got {type(value).__name__}")
    return value.detach().to("cpu").contiguous()


def _bytes(x: ts.Tensor) -> memoryview:
    return x.reshape(-1).view(ts.uint8).numpy().data


def load_shards(index: Path, load: Callable[[Path], Mapping[str, ts.Tensor]]) -> dict[str, ts.Tensor]:
    """The tensors of the files, in the folder of the index, that its weight_map names."""
    try:
        weight_map = json.loads(index.read_text("utf-8"))["weight_map"]
        shards = sorted(set(weight_map.values()))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError(f"{index}: not an index of shards: it needs a JSON object with a weight_map") from None
    tensors: dict[str, ts.Tensor] = {}
    for shard in shards:
        _require(isinstance(shard, str) and Path(shard).name == shard, index, f"shard {shard!r} is not in its folder")
        _require(not shard.endswith(".index.json"), index, f"shard {shard!r} is an index")
        held = load(index.with_name(shard))
        for name in (name for name, where in weight_map.items() if where == shard):
            _require(name in held, index, f"tensor {name!r} is not in {shard}")
            tensors[name] = held[name]
    return tensors


def _require(condition: bool, path: str | os.PathLike[str], reason: str) -> None:
    if not condition:
        raise ValueError(f"{os.fspath(path)}: not a valid safetensors file: {reason}")
