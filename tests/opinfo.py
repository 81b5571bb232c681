"""torch's own sample inputs (its OpInfo generators), run by both libraries."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

import tilestack as ts
from parity import ROUNDOFF

with warnings.catch_warnings():  # that hypothesis is not there
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.opinfo.core import OpInfo

FLOATS = (torch.float32, torch.float64, torch.bfloat16, torch.float16)
torch.set_num_threads(1)  # samples are small
DTYPES = (*FLOATS, torch.int64, torch.bool)
MOST_DIMS = 8
GRAD_DTYPES = (torch.float32, torch.float64, torch.bfloat16)


class Inexpressible(Exception):
    """A sample with what this library has no word for: complex numbers, int16, sparse layouts."""


def ours(name: str) -> Callable[..., Any] | None:
    """tilestack's function (or else method) for a name of torch, as "add", "nn.functional.relu", "linalg.norm"."""
    *path, last = name.split(".")
    place: Any = ts
    for part in path:
        place = getattr(place, part, None)
    found = getattr(place, last, None) or (None if path else getattr(ts.Tensor, last, None))
    return found if callable(found) and not isinstance(found, type) else None


def full_name(op: OpInfo) -> str:
    return f"{op.name}/{op.variant_test_name}" if op.variant_test_name else op.name


def shared_ops(excused: Any = ()) -> list[OpInfo]:
    return [op for op in op_db if ours(op.name) and op.name not in excused]


def to_ts(x: Any, leaves: list[Any] | None = None) -> Any:
    """The same argument for tilestack; tensors keep their strides and share no memory with torch's."""
    if isinstance(x, torch.Tensor):
        made = tensor_of(x)
        if x.requires_grad:
            made.requires_grad_()
        if leaves is not None:
            leaves.append((x, made))
        return made
    if isinstance(x, torch.dtype):
        return dtype_of(x)
    if isinstance(x, torch.device):
        return x.type
    if isinstance(x, (torch.layout, torch.memory_format, torch.Generator, complex)):
        raise Inexpressible(str(x))
    if isinstance(x, torch.Size):
        return tuple(x)
    if isinstance(x, (tuple, list)):
        return type(x)(to_ts(item, leaves) for item in x)
    if isinstance(x, dict):
        return {key: to_ts(item, leaves) for key, item in x.items()}
    if callable(x) and hasattr(ts.nn.functional, getattr(x, "__name__", "")):
        return getattr(ts.nn.functional, x.__name__)
    if isinstance(x, torch.nn.Module):
        raise Inexpressible(type(x).__name__)
    return x


def dtype_of(dtype: torch.dtype) -> ts.dtype:
    found = getattr(ts, str(dtype).split(".")[-1], None)
    if found is None:
        raise Inexpressible(str(dtype))
    return found


def tensor_of(x: torch.Tensor) -> ts.Tensor:
    dtype_of(x.dtype)
    if x.dim() > MOST_DIMS:
        raise Inexpressible(f"{x.dim()} dimensions")
    if x.layout != torch.strided or x.is_conj() or x.device.type != "cpu":
        raise Inexpressible(str(x.layout))
    x = x.detach()
    base = torch.empty_strided(x.shape, x.stride(), dtype=x.dtype)
    if math.prod(x.shape):
        try:
            base.copy_(x)
        except RuntimeError:  # expanded: elements share memory
            first = tuple(slice(0, 1) if s == 0 else slice(None) for s in x.stride())
            base = torch.empty_strided(x[first].shape, x.stride(), dtype=x.dtype).copy_(x[first]).expand(x.shape)
    if x.dtype == torch.bfloat16:
        return ts.from_dlpack(base)
    return ts.from_numpy(base.numpy())


def type_name(x: Any) -> str:
    return str(x.dtype).split(".")[-1]


def array_of(x: Any) -> np.ndarray:
    x = x.detach()
    if "bfloat16" in str(x.dtype):
        x = x.float()
    values = x.numpy(force=True) if isinstance(x, torch.Tensor) else x.numpy()  # torch has tensors of zeros only
    return values.astype(np.float64) if values.dtype.kind == "f" else np.array(values)


def flat(results: Any) -> list[Any]:
    if isinstance(results, (tuple, list)):
        return [part for item in results for part in flat(item)]
    return [results]


def difference(
    got: np.ndarray, peer: np.ndarray, exact: np.ndarray, dtype: str, factor: int = 8, least: float = 0.0
) -> str:
    """What is wrong with a result: it is within rounding of the float64 result, or about as far from it as torch is."""
    if got.shape != peer.shape:
        return f"shape {got.shape}, torch {peer.shape}"
    if got.dtype.kind != "f":
        wrong = got != peer
    else:
        exact = exact if exact.shape == peer.shape else peer
        with np.errstate(all="ignore"):
            unit = ROUNDOFF[dtype]
            size = np.sqrt(np.mean(np.where(np.isfinite(exact), exact, 0) ** 2)) if exact.size else 0.0
            size = max(float(size), least)
            off = np.abs(peer - exact)
            # torch's own float64, with which ours is compared, is no more exact than ours.
            allowed = (
                (512 if dtype == "float64" else factor) * unit * (np.abs(exact) + size)
                + 4 * np.where(np.isfinite(off), off, 0).max(initial=0)
                + 2.0**-24 * (dtype == "float16")
            )
            wrong = ~((got == peer) | (np.isnan(got) & np.isnan(peer)) | (np.abs(got - exact) <= allowed))
    if not wrong.any():
        return ""
    at = tuple(map(int, np.argwhere(wrong)[0]))
    return f"{int(wrong.sum())} of {got.size} wrong, at {at}: {got[at]}, torch {peer[at]}, in float64 {exact[at]}"


def samples_of(op: OpInfo, dtype: torch.dtype) -> Iterator[Any]:
    torch.manual_seed(0)
    grad = dtype in GRAD_DTYPES and op.supports_autograd and dtype in op.supported_backward_dtypes("cpu")
    yield from op.sample_inputs("cpu", dtype, requires_grad=grad)


def say(x: Any) -> str:
    if isinstance(x, torch.Tensor):
        strides = "" if x.is_contiguous() else f" strides {x.stride()}"
        values = f" = {x.item()}" if x.dim() == 0 else ""
        return f"{type_name(x)}{tuple(x.shape)}{strides}{values}"
    if isinstance(x, (tuple, list)):
        return f"({', '.join(map(say, x))})"
    return repr(x)


def describe(sample: Any) -> str:
    args = [say(x) for x in (sample.input, *sample.args)]
    return ", ".join(args + [f"{k}={say(v)}" for k, v in sample.kwargs.items()])


def wider(x: Any, tensors: list[Any] | None = None) -> Any:
    """The argument in float64, for the reference; its tensors are noted in the order of to_ts."""
    if isinstance(x, torch.Tensor):
        made = x.detach().to(torch.float64).requires_grad_(x.requires_grad) if x.is_floating_point() else x
        if tensors is not None:
            tensors.append(made)
        return made
    if type(x) in (tuple, list):
        return type(x)(wider(item, tensors) for item in x)
    if isinstance(x, dict):
        return {key: wider(item, tensors) for key, item in x.items()}
    return torch.float64 if x in (torch.float32, torch.bfloat16, torch.float16) else x
