"""How tensors are shown."""

from __future__ import annotations

from typing import Any

import numpy as np

from tilestack import _core
from tilestack._core import Tensor

_PLAIN = {"float32", "int64", "bool"}  # dtypes that are clear from the values


def tensor_repr(x: Tensor) -> str:
    """tensor([[1., 2.]], dtype=...), as numpy and torch users know it; large tensors are shortened."""
    plain = x.detach().cpu()
    array = (plain.float() if x.dtype in (_core.bfloat16, _core.float16) else plain).numpy()
    limits: dict[str, Any] = {
        "precision": 4,
        "threshold": 1000,
        "edgeitems": 3,
        "floatmode": "maxprec",
        "suppress_small": _is_tame(array),
    }
    notes = []
    if array.size == 0:
        body = "[]"
        if array.shape != (0,):
            notes.append(f"size={array.shape}")
    else:
        body = np.array2string(array, separator=", ", prefix="tensor(", max_line_width=100, **limits)
    if x.dtype.name not in _PLAIN or array.size == 0:
        notes.append(f"dtype={x.dtype}")
    if x.device.type != "cpu":
        notes.append(f"device='{x.device}'")
    if x.grad_fn is not None:
        notes.append(f"grad_fn=<{x.grad_fn}>")
    elif x.requires_grad:
        notes.append("requires_grad=True")
    return f"tensor({', '.join([body, *notes])})"


def _is_tame(array: np.ndarray) -> bool:
    """True if every value can be read without an exponent."""
    if array.dtype.kind != "f":
        return True
    magnitudes = np.abs(array[np.isfinite(array) & (array != 0)].astype(np.float64))
    return bool(magnitudes.size == 0 or (magnitudes.max() < 1e6 and magnitudes.min() > 1e-4))
