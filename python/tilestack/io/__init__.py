"""Files: safetensors, .npz, atomic writes."""

from .files import atomic_write, atomic_write_bytes, atomic_write_text
from .npz import load_npz, save_npz
from .safetensors import load_file, load_metadata, save_file

__all__ = [
    "atomic_write",
    "atomic_write_bytes",
    "atomic_write_text",
    "load_file",
    "load_metadata",
    "load_npz",
    "save_file",
    "save_npz",
]
