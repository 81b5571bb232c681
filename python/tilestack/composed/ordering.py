"""Order statistics, made of sort."""

from __future__ import annotations

import math
from collections import namedtuple
from typing import Any

from tilestack import _core
from tilestack._core import Tensor

__all__ = [
    "aminmax",
    "diff",
    "kthvalue",
    "median",
    "msort",
    "nanmedian",
    "nanquantile",
    "quantile",
]

ValuesIndices = namedtuple("ValuesIndices", "values indices")
MinMax = namedtuple("MinMax", "min max")


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """(min, max) over dim (None: all)."""
    return MinMax(_core.amin(input, dim, keepdim), _core.amax(input, dim, keepdim))


def _picked(input: Tensor, place: Tensor, dim: int, keepdim: bool) -> ValuesIndices:
    """The elements at `place`, of size 1 along dim."""
    values = input.gather(dim, place)
    return ValuesIndices(values, place) if keepdim else ValuesIndices(values.squeeze(dim), place.squeeze(dim))


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """(values, indices) of the k-th smallest element along dim, k from 1; NaN counts as the largest."""
    size = input.shape[dim] if input.dim() else 1
    if not 1 <= k <= size:
        raise ValueError(f"kthvalue: k must be 1 to {size}, the size of dimension {dim}, got {k}")
    if input.dim() == 0:
        return ValuesIndices(input.clone(), _core.zeros((), dtype=_core.int64, device=input.device))
    order = _core.argsort(input.detach(), dim)
    return _picked(input, order.narrow(dim, k - 1, 1), dim, keepdim)


def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element of all, of two the lower one; with dim, (values, indices) along it. NaN if there is one."""
    return _median("median", input, dim, keepdim)


def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median of what is not NaN, NaN where there is nothing else."""
    return _median("nanmedian", input, dim, keepdim)


def _median(op: str, input: Tensor, dim: int | None, keepdim: bool) -> Any:
    if dim is None:
        if input.numel() == 0:
            return _core.full((), math.nan, dtype=input.dtype, device=input.device)
        return _median(op, input.reshape(-1), 0, False).values
    if input.dim() == 0:
        return kthvalue(input, 1, dim)
    size = input.shape[dim]
    if size == 0:
        raise IndexError(f"{op}: dimension {dim} must not be empty, got shape {tuple(input.shape)}")
    order = _core.argsort(input.detach(), dim)
    if not input.is_floating_point():
        return _picked(input, order.narrow(dim, (size - 1) // 2, 1), dim, keepdim)
    bad = (input != input).sum(dim, keepdim=True)
    middle = (size - bad - 1).clamp(min=0) // 2
    if op == "median":  # the first NaN, which come last
        middle = _core.where(bad > 0, size - bad, middle)
    return _picked(input, order.gather(dim, middle), dim, keepdim)


def quantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The q-quantiles over dim (None: all), q a number in [0, 1] or a vector, which gets the first dimension.

    interpolation between the two nearest elements: linear, lower, higher, midpoint or nearest. NaN gives NaN.
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation)


def nanquantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """quantile of what is not NaN."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation)


def _quantile(op: str, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str) -> Tensor:
    if not input.is_floating_point() or input.numel() == 0:
        raise ValueError(f"{op}: input must be float and not empty, got {input.dtype.name} {tuple(input.shape)}")
    if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise ValueError(
            f"{op}: interpolation must be linear, lower, higher, midpoint or nearest, got {interpolation!r}"
        )
    if not isinstance(q, Tensor):
        q = _core.full((), q, dtype=input.dtype, device=input.device)
    if q.dtype != input.dtype or q.dim() > 1:
        raise ValueError(
            f"{op}: q must be a number or a vector of {input.dtype.name}, got {q.dtype.name} {tuple(q.shape)}"
        )
    if bool((q < 0).logical_or(q > 1).any()):
        raise ValueError(f"{op}: q must be in [0, 1], got {q.tolist()}")
    shape = input.shape
    if dim is None:
        flat, kept = input.reshape(-1), (1,) * len(shape)
    elif not shape:
        flat, kept = input.reshape(1), ()
    else:
        flat = input.movedim(dim, -1)
        kept = (*shape[: dim % len(shape)], 1, *shape[dim % len(shape) + 1 :])
    ordered = flat.sort(-1).values
    bad = (flat != flat).sum(-1, keepdim=True)
    last = (flat.shape[-1] - 1 - (bad if op == "nanquantile" else 0 * bad)).clamp(min=0)
    place = q.reshape(-1) * last.to(q.dtype)
    if op == "quantile":
        place = _core.where(bad > 0, float(flat.shape[-1] - 1), place)  # a NaN, which is the last one
    if interpolation in ("lower", "higher", "nearest"):
        place = place.detach()
        whole = {"lower": place.floor, "higher": place.ceil, "nearest": place.round}[interpolation]()
        y = ordered.gather(-1, whole.to(_core.int64))
    else:
        low, high = place.detach().floor(), place.detach().ceil()
        weight = place - low if interpolation == "linear" else _core.full_like(place, 0.5)
        ends = [ordered.gather(-1, end.to(_core.int64)) for end in (low, high)]
        y = _core.lerp(ends[0], ends[1], weight)
    y = y.movedim(-1, 0)
    if keepdim:
        y = y.reshape(y.shape[0], *kept)
    return y if q.dim() else y.squeeze(0)


def msort(input: Tensor) -> Tensor:
    """The values of sort along dimension 0."""
    return input.sort(0).values


def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """The differences of neighbours along dim, n times; prepend and append are joined to the input first."""
    if n < 0:
        raise ValueError(f"diff: n must not be negative, got {n}")
    if input.dim() == 0:
        raise ValueError("diff: input must have at least 1 dimension")
    if n == 0:
        return input.clone()
    parts = [x for x in (prepend, input, append) if x is not None]
    x = _core.cat(parts, dim) if len(parts) > 1 else input
    for _ in range(min(n, x.shape[dim])):
        size = x.shape[dim] - 1
        here, before = x.narrow(dim, 1, size), x.narrow(dim, 0, size)
        x = here.logical_xor(before) if x.dtype == _core.bool else here - before
    return x
