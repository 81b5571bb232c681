"""Checkpoints: everything a run needs to go on, in one safetensors file.

Tensors are entries of their own (`model.fc.weight`, `optimizer.state.0.exp_avg`); all else is JSON in the metadata, in
which {"tensor": name} stands for an entry. Nothing in the file can run code.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from tilestack._core import Tensor

FORMAT = "tilestack.checkpoint"


def save_checkpoint(path: str | os.PathLike[str], state: Mapping[str, Any]) -> None:
    """Write nested dicts, lists and tuples of tensors, numbers, strings and None. The file appears whole or not."""
    import json

    from tilestack.io import save_file

    tensors: dict[str, Tensor] = {}
    rest = _pack(dict(state), "", tensors)
    save_file(tensors, path, metadata={"format": "pt", FORMAT: json.dumps(rest)})


def load_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What save_checkpoint wrote. Raises FileNotFoundError, or ValueError for a file that is damaged or none."""
    import json

    from tilestack.io import load_file, load_metadata

    metadata = load_metadata(path)
    if FORMAT not in metadata:
        raise ValueError(f"load_checkpoint: {os.fspath(path)} is a safetensors file but not a checkpoint of a run")
    state = _unpack(json.loads(metadata[FORMAT]), load_file(path, mmap=False))
    assert isinstance(state, dict)
    return state


def _pack(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        tensors[path] = value.detach()
        return {"tensor": path}
    if isinstance(value, Mapping):
        items = [[key, _pack(item, f"{path}.{key}" if path else str(key), tensors)] for key, item in value.items()]
        return {"dict": items}
    if isinstance(value, (tuple, list)):
        packed = [_pack(item, f"{path}.{i}", tensors) for i, item in enumerate(value)]
        return {"tuple": packed} if isinstance(value, tuple) else packed
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"save_checkpoint: {path} must be made of tensors, numbers and strings, got {type(value).__name__}")


def _unpack(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(value, list):
        return [_unpack(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    if "tensor" in value:
        return tensors[value["tensor"]]
    if "tuple" in value:
        return tuple(_unpack(item, tensors) for item in value["tuple"])
    return {key: _unpack(item, tensors) for key, item in value["dict"]}
