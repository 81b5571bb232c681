"""Weights of a net, in whatever file they came."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tilestack._core import Tensor

from .npz import load_npz
from .safetensors import load_file, load_shards
from .torch_files import load_torch

# In a folder, the first of these that is there.
NAMES = ("model.safetensors.index.json", "model.safetensors", "pytorch_model.bin.index.json", "pytorch_model.bin")
SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".npz")
# Under which training scripts keep a model's weights beside their own state.
WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "params")
WRAPPED = ("module.", "_orig_mod.")  # how data parallel and compiled modules begin their names


def find_weights(path: str | os.PathLike[str]) -> Path:
    """The file of weights that `path`, a file or a folder, means. Raises FileNotFoundError, or ValueError if the folder has
    several."""
    given = Path(path)
    if not given.is_dir():
        if not given.exists():
            raise FileNotFoundError(f"{given}: no such file or folder")
        return given
    for name in NAMES:
        if (given / name).is_file():
            return given / name
    found = sorted(file for file in given.iterdir() if file.suffix in SUFFIXES and file.is_file())
    if not found:
        raise FileNotFoundError(f"{given}: no weights in this folder ({', '.join(NAMES)} or a file *.pth, *.pt, *.npz)")
    if len(found) > 1:
        raise ValueError(f"{given}: several files of weights, name one: {', '.join(file.name for file in found)}")
    return found[0]


def load_weights(path: str | os.PathLike[str], device: Any = "cpu") -> dict[str, Tensor]:
    """The tensors, by name, of a file or folder of weights: safetensors, in shards too, what torch.save wrote, or .npz.

    What the file is, its content says. Names lose the `module.` of data parallel training, and a state_dict is found
    in the checkpoint of a training script. Raises FileNotFoundError, or ValueError with path and reason.
    """
    file = find_weights(path)
    if file.name.endswith(".index.json"):
        return load_shards(file, lambda shard: load_weights(shard, device))
    with open(file, "rb") as opened:
        start = opened.read(512)
    is_safetensors = start[8:9] == b"{"  # the length before it may look like a pickle or a zip
    if start.startswith((b"PK", b"\x80")) and not is_safetensors:
        tensors = load_npz(file, device) if _is_npz(file) else _state_dict(load_torch(file, device), file)
    elif is_safetensors or file.suffix == ".safetensors":
        _refuse_pointer(start, file)
        tensors = load_file(file, device=device)
    else:
        _refuse_pointer(start, file)
        raise ValueError(
            f"{file}: not a file of weights: neither safetensors, nor of torch.save, nor .npz{_seen(start)}"
        )
    return _unwrapped(tensors)


def _is_npz(file: Path) -> bool:
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return all(name.endswith(".npy") for name in archive.namelist())


def _refuse_pointer(start: bytes, file: Path) -> None:
    if start.startswith(b"version https://git-lfs"):
        raise ValueError(f"{file}: a pointer of Git LFS, not the weights: fetch them with `git lfs pull`")


def _seen(start: bytes) -> str:
    if not start:
        return " (it is empty)"
    return " (it is a text file)" if all(byte >= 32 or byte in b"\t\r\n" for byte in start) else ""


def _state_dict(value: Any, file: Path) -> dict[str, Tensor]:
    for name in WRAPPERS:
        if isinstance(value, Mapping) and isinstance(value.get(name), Mapping):
            value = value[name]
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"{file}: wanted a state_dict, names with tensors, found {type(value).__name__}")
    others = [str(name) for name, x in value.items() if not isinstance(x, Tensor) or not isinstance(name, str)]
    if others:
        raise ValueError(f"{file}: wanted a state_dict, names with tensors; others are {', '.join(others[:5])}")
    return dict(value)


def _unwrapped(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    for prefix in WRAPPED:
        if tensors and all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): x for name, x in tensors.items()}
    return tensors
