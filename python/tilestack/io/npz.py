"""numpy's .npz archives."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

import tilestack as ts

from .files import atomic_write


def load_npz(path: str | os.PathLike[str], device: Any = "cpu") -> dict[str, ts.Tensor]:
    """Load the arrays of a .npz file to a device; pickled objects are refused. ValueError with path and reason for a bad
    one."""
    tensors = {}
    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                for name in archive.files:
                    tensors[name] = ts.from_numpy(archive[name])
        except (ValueError, TypeError, AttributeError, KeyError, EOFError, OSError) as error:
            raise ValueError(f"{path}: cannot read it as .npz: {error}") from None
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, SyntaxError, MemoryError) as error:
            raise ValueError(f"{path}: damaged .npz file: {error}") from None
    return {name: x.to(device) for name, x in tensors.items()}


def save_npz(tensors: Mapping[str, Any], path: str | os.PathLike[str], compress: bool = False) -> None:
    """Write tensors or numpy arrays, by name, to a .npz file, atomically.

    numpy has no bfloat16: TypeError for it (`x.float()` widens without loss, `save_file` keeps it).
    """
    arrays: dict[str, Any] = {name: _array(name, value) for name, value in tensors.items()}
    with atomic_write(path) as file:
        (np.savez_compressed if compress else np.savez)(file, **arrays)


def _array(name: str, value: Any) -> np.ndarray:
    if not isinstance(value, ts.Tensor):
        return np.asarray(value)
    if value.dtype == ts.bfloat16:
        raise TypeError(f"save_npz: {name!r} is bfloat16, which .npz cannot hold: use .float() or save_file")
    return value.detach().to("cpu").numpy()
