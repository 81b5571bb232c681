"""Files: safetensors, .npz, what torch.save wrote, atomic writes."""

from .files import atomic_write, atomic_write_bytes, atomic_write_text
from .npz import load_npz, save_npz
from .safetensors import load_file, load_metadata, save_file
from .torch_files import load_torch
from .weights import find_weights, load_weights

__all__ = [
    "atomic_write",
    "atomic_write_bytes",
    "atomic_write_text",
    "find_weights",
    "load_file",
    "load_metadata",
    "load_npz",
    "load_torch",
    "load_weights",
    "save_file",
    "save_npz",
]
