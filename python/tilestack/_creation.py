"""Tensors from Python values, and ranges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tilestack import _core
from tilestack._core import Tensor


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor with a copy of data: numbers, nested lists, numpy arrays or tensors.

    Python floats become float32, integers int64; numpy arrays keep their dtype.
    """
    if isinstance(data, Tensor):
        out = data.detach().clone()
    elif isinstance(data, list | tuple) and any(isinstance(x, Tensor) for x in data):
        out = _core.stack([x if isinstance(x, Tensor) else tensor(x) for x in data]).detach()
    else:
        array = np.array(data, order="C")
        if array.dtype == np.float64 and not isinstance(data, np.ndarray | np.generic):
            array = array.astype(np.float32) if dtype is None else array
        if array.dtype == object:
            raise ValueError(f"tensor: data must be numbers in a regular shape, got {type(data).__name__} of objects")
        out = _core.from_numpy(array)
    return _finish(out, dtype, device, requires_grad)


def as_tensor(data: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """As tensor, but sharing the memory of tensors, numpy arrays and arrays on a GPU where nothing has to be converted."""
    if isinstance(data, Tensor):
        out = data
    elif isinstance(data, np.ndarray):
        out = _core.from_numpy(data)
    elif hasattr(data, "__cuda_array_interface__"):
        out = _core._from_cuda_array(data)
    else:
        return tensor(data, dtype=dtype, device=device)
    return _finish(out, dtype, device, False)


def _number(x: Any) -> Any:
    return x.item() if isinstance(x, Tensor) else x


def _check_steps(op: str, steps: int) -> None:
    if not isinstance(steps, int | np.integer):
        raise TypeError(f"{op}: steps must be a whole number, got {steps!r}")
    if steps < 0:
        raise ValueError(f"{op}: steps must not be negative, got {steps}")


def arange(
    start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """start, start + step, ... below end; arange(n) counts from 0. Integers give int64, floats float32."""
    if end is None:
        start, end = 0, start
    start, end, step = _number(start), _number(end), _number(step)
    if not all(math.isfinite(x) for x in (start, end, step)):
        raise ValueError(f"arange: limits and step must be finite, got {start}, {end}, {step}")
    if step == 0 or (end - start) * step < 0:
        raise ValueError(f"arange: can't step from {start} to {end} by {step}")
    whole = all(isinstance(x, int | np.integer) for x in (start, end, step))
    dtype = dtype or (None if whole else _core.float32)
    if not whole and not _is_float(dtype):  # of integers, the limits are cut first
        start, end, step = int(start), int(end), int(step)
        if step == 0:
            raise ValueError(f"arange: step must be at least 1 for {dtype}")
        whole = True
    array = np.arange(start, end, step, dtype=np.int64 if whole else np.float64)
    return _finish(_core.from_numpy(array), dtype, device, requires_grad)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` evenly spaced values from start to end, both included."""
    _check_steps("linspace", steps)
    start, end = _number(start), _number(end)
    if dtype is not None and not _is_float(dtype):  # of integers, the ends are cut first
        start, end = int(start), int(end)
    array = np.linspace(start, end, steps)
    return _finish(_core.from_numpy(array), dtype or _core.float32, device, requires_grad)


def logspace(start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """base to the power of `steps` evenly spaced values from start to end, both included."""
    _check_steps("logspace", steps)
    start, end = _number(start), _number(end)
    if dtype is not None and not _is_float(dtype):  # of integers, the ends are cut first
        start, end = int(start), int(end)
    array = np.power(float(base), np.linspace(start, end, steps))
    return _finish(_core.from_numpy(array), dtype or _core.float32, device, False)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal of an (n, m) matrix, zeros elsewhere."""
    if n < 0 or (m is not None and m < 0):
        raise ValueError(f"eye: sizes must not be negative, got {n} and {m}")
    return _finish(_core.from_numpy(np.eye(n, m, dtype=np.float32)), dtype, device, requires_grad)


def _is_float(dtype: Any) -> bool:
    return bool(_core.empty(0, dtype=dtype).is_floating_point())


def _finish(x: Tensor, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    if dtype is not None:
        x = x.to(dtype=dtype)
    if device is not None:
        x = x.to(device=device)
    return x.requires_grad_() if requires_grad else x
