"""Running products, extremes and log-sums along a dimension, in log2(n) passes over the tensor (Hillis and Steele, 1986).

Each pass joins what ends at an element with what ends `step` before it; the gradient follows from the passes, so that
that of a product is right where there are zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tilestack import _core
from tilestack._core import Tensor
from tilestack.composed.ordering import ValuesIndices

__all__ = [
    "cummax",
    "cummin",
    "cumprod",
    "logcumsumexp",
]


def _running(x: Tensor, dim: int, join: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    size = x.shape[dim] if x.dim() else 1
    step = 1
    while step < size:
        joined = join(x.narrow(dim, step, size - step), x.narrow(dim, 0, size - step))
        x = _core.cat([x.narrow(dim, 0, step), joined], dim)
        step *= 2
    return x


def _check_dim(op: str, input: Tensor, dim: int) -> None:
    most = max(input.dim(), 1)
    if not -most <= dim < most:
        raise IndexError(f"{op}: dim must be in [{-most}, {most - 1}], got {dim}")


def _wide(x: Tensor) -> Tensor:
    return x.to(_core.float32) if x.is_floating_point() and x.itemsize == 2 else x


def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Products of the elements up to each one along dim. Integers and bool give int64."""
    _check_dim("cumprod", input, dim)
    x = input if dtype is None else input.to(dtype)
    x = x if x.is_floating_point() or dtype is not None else x.to(_core.int64)
    return (_running(_wide(x), dim, _core.mul) if x.dim() and x.shape[dim] > 1 else x.clone()).to(x.dtype)


def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """log of the sums of exp of the elements up to each one along dim, without overflow."""
    _check_dim("logcumsumexp", input, dim)
    if not input.is_floating_point():
        raise TypeError(f"logcumsumexp: input must be float, got {input.dtype.name}")
    return (_running(_wide(input), dim, _core.logaddexp) if input.dim() else input.clone()).to(input.dtype)


def cummax(input: Tensor, dim: int) -> ValuesIndices:
    """(values, indices) of the largest element up to each one along dim, the last among equals; a NaN stays."""
    return _extreme("cummax", input, dim, lambda later, before: later >= before)


def cummin(input: Tensor, dim: int) -> ValuesIndices:
    """(values, indices) of the smallest element up to each one along dim, the last among equals; a NaN stays."""
    return _extreme("cummin", input, dim, lambda later, before: later <= before)


def _extreme(op: str, input: Tensor, dim: int, wins: Callable[[Tensor, Tensor], Tensor]) -> ValuesIndices:
    _check_dim(op, input, dim)
    places = _core.ones_like(input, dtype=_core.int64)
    if input.dim() == 0:
        return ValuesIndices(input.clone(), places - 1)
    x = input.detach()

    def join(later: Tensor, before: Tensor) -> Tensor:
        a, b = x.gather(dim, later), x.gather(dim, before)
        return _core.where(wins(a, b).logical_or(a != a), later, before)

    places = _running(places.cumsum(dim) - 1, dim, join)
    return ValuesIndices(input.gather(dim, places), places)
