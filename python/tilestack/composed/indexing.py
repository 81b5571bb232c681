"""Elements picked and put by index tensors, made of gather, scatter and index_select. None writes into its input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tilestack import _core
from tilestack._core import Tensor
from tilestack.autograd import Function

__all__ = [
    "index_copy",
    "index_fill",
    "index_put",
    "masked_scatter",
    "scatter_reduce",
    "select_scatter",
    "slice_scatter",
    "take",
]


def _wrapped(op: str, dim: int, ndim: int) -> int:
    most = max(ndim, 1)
    if not -most <= dim < most:
        raise IndexError(f"{op}: dim must be in [{-most}, {most - 1}], got {dim}")
    return dim % most


def _spread(op: str, input: Tensor, dim: int, index: Tensor, shape: Sequence[int]) -> Tensor:
    """A vector of places along dim, for each element of `shape`."""
    if index.dim() > 1 or index.dtype not in (_core.int64, _core.int32):
        raise ValueError(f"{op}: index must be a vector of int64 or int32, got {index.dtype.name} {tuple(index.shape)}")
    index = index.reshape(-1, *(1,) * (len(shape) - 1 - dim))
    return index.expand(*shape)


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of the input whose slices at index along dim are those of source."""
    if source.dtype != input.dtype:
        raise TypeError(f"index_copy: source must be {input.dtype.name} as the input, got {source.dtype.name}")
    dim = _wrapped("index_copy", dim, input.dim())
    if input.dim() == 0:
        return index_copy(input.reshape(1), 0, index, source.reshape(-1)).reshape(())
    shape = (*input.shape[:dim], index.numel(), *input.shape[dim + 1 :])
    if source.shape != shape:
        raise ValueError(f"index_copy: source must have shape {shape}, got {tuple(source.shape)}")
    return _core.scatter(input, dim, _spread("index_copy", input, dim, index, shape), source)


def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of the input whose slices at index along dim are value, a number or a tensor without dimensions."""
    if isinstance(value, Tensor) and value.dim() != 0:
        raise ValueError(f"index_fill: value must be a number, got a tensor of shape {tuple(value.shape)}")
    dim = _wrapped("index_fill", dim, input.dim())
    if input.dim() == 0:
        return index_fill(input.reshape(1), 0, index, value).reshape(())
    shape = (*input.shape[:dim], index.numel(), *input.shape[dim + 1 :])
    places = _spread("index_fill", input, dim, index.reshape(-1), shape)
    places = _core.where(places < 0, places + input.shape[dim], places)
    hit = _core.scatter(_core.zeros_like(input, dtype=_core.bool), dim, places, True)
    return _core.where(hit, value.to(input.dtype) if isinstance(value, Tensor) else value, input).to(input.dtype)


def index_put(input: Tensor, indices: Sequence[Any], values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of the input in which input[indices] is values, or has them added with accumulate."""
    places = _core.ones_like(input, dtype=_core.int64).reshape(-1).cumsum(0).reshape(input.shape) - 1
    picked = _core.index(places, indices)
    if values.dtype != input.dtype:
        raise TypeError(f"index_put: values must be {input.dtype.name} as the input, got {values.dtype.name}")
    values = values.expand(*picked.shape).reshape(-1)
    put = _core.scatter_add if accumulate else _core.scatter
    return put(input.reshape(-1), 0, picked.reshape(-1), values).reshape(input.shape)


def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements of the flattened input at index, int64 of any shape; negative ones count from the end."""
    if index.dtype != _core.int64:
        raise TypeError(f"take: index must be int64, got {index.dtype.name}")
    flat = input.reshape(-1)
    if index.numel() and not flat.numel():
        raise IndexError("take: the input is empty")
    return flat.index_select(0, index.reshape(-1)).reshape(index.shape)


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """The input, with the elements of source one after another where mask, a bool tensor that broadcasts, is true."""
    if mask.dtype != _core.bool:
        raise TypeError(f"masked_scatter: mask must be bool, got {mask.dtype.name}")
    if source.dtype != input.dtype:
        raise TypeError(f"masked_scatter: source must be {input.dtype.name} as the input, got {source.dtype.name}")
    input, mask = _broadcast(input, mask)
    places = mask.reshape(-1).nonzero().reshape(-1)
    if source.numel() < places.numel():
        raise ValueError(f"masked_scatter: mask is true {places.numel()} times, source has {source.numel()} elements")
    values = source.reshape(-1)[: places.numel()]
    return _core.scatter(input.reshape(-1), 0, places, values).reshape(input.shape)


def _broadcast(input: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    shape = _core.where(mask, mask, input.detach()).shape
    return input.expand(*shape), mask.expand(*shape)


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of the input whose slice at index along dim is src."""
    part = input.select(dim, index)
    if part.shape != src.shape:
        raise ValueError(f"select_scatter: src must have shape {tuple(part.shape)}, got {tuple(src.shape)}")
    dim = _wrapped("select_scatter", dim, input.dim())
    return slice_scatter(input, src.unsqueeze(dim), dim, index % input.shape[dim], index % input.shape[dim] + 1)


def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy of the input whose part [start:end:step] along dim is src."""
    dim = _wrapped("slice_scatter", dim, input.dim())
    if step <= 0:
        raise ValueError(f"slice_scatter: step must be positive, got {step}")
    places = list(range(input.shape[dim]))[start:end:step]
    shape = (*input.shape[:dim], len(places), *input.shape[dim + 1 :])
    if src.shape != shape:
        raise ValueError(f"slice_scatter: src must have shape {shape}, got {tuple(src.shape)}")
    index = _core.full((len(places),), 0, dtype=_core.int64, device=input.device)
    if places:
        index = (_core.ones_like(index).cumsum(0) - 1) * step + places[0]
    return index_copy(input, dim, index, src.to(input.dtype))


class _ScatterReduce(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, src: Tensor, dim: int, index: Tensor, reduce: str, include_self: bool) -> Tensor:
        y = _core._scatter_fold(x, dim, index, src, reduce, include_self)
        ctx.save_for_backward(x, src, index, y)
        ctx.dim, ctx.reduce, ctx.include_self = dim, reduce, include_self
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Any, ...]:
        x, src, index, y = ctx.saved_tensors
        of = _product_gradients if ctx.reduce == "prod" else _extreme_gradients
        dx, ds = of(x, src, ctx.dim, index, y, dy, ctx.include_self)
        if not ctx.include_self:
            dx = _core.scatter(dx, ctx.dim, index, 0)
        return dx, ds, None, None, None, None


def _extreme_gradients(
    x: Tensor, src: Tensor, dim: int, index: Tensor, y: Tensor, dy: Tensor, include_self: bool
) -> tuple[Tensor, Tensor]:
    """Those that are equal to the result share its gradient."""
    from_x = (x == y).to(dy.dtype)
    from_src = (src == y.gather(dim, index)).to(dy.dtype)
    base = from_x if include_self else _core.scatter(from_x, dim, index, 0)
    share = dy / base.scatter_add(dim, index, from_src)
    return from_x * share, from_src * share.gather(dim, index)


def _product_gradients(
    x: Tensor, src: Tensor, dim: int, index: Tensor, y: Tensor, dy: Tensor, include_self: bool
) -> tuple[Tensor, Tensor]:
    """The products of all others; with one zero among them, only its own gradient is not 0."""
    without_zero = _core.where(x == 0, 1.0, x)
    dx = dy * _core._scatter_fold(without_zero, dim, index, src, "prod", include_self) / without_zero
    zero = src == 0
    zeros = _core.zeros_like(x).scatter_add(dim, index, zero.to(x.dtype)).gather(dim, index)
    only = zero.logical_and(zeros == 1)
    others = _core._scatter_fold(x, dim, index, _core.where(zero, 1.0, src), "prod", include_self)
    ds = _core.where(only, (dy * others).gather(dim, index), (dy * y).gather(dim, index) / _core.where(zero, 1.0, src))
    return dx, ds


def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy of the input in which what src puts at one place is reduced: sum, prod, mean, amax or amin.

    Arguments as of scatter. include_self: the input's own element counts too. The gradient is shared by equal extremes.
    """
    if reduce in ("prod", "amax", "amin"):
        _core.scatter(input.detach(), dim, index, src.detach())  # its errors
        src = src if src.shape == index.shape else src[tuple(slice(0, n) for n in index.shape)]
        return _ScatterReduce.apply(input, src, dim, index, reduce, include_self)
    if reduce not in ("sum", "mean"):
        raise ValueError(f"scatter_reduce: reduce must be sum, prod, mean, amax or amin, got {reduce!r}")
    base = input if include_self else _core.scatter(input, dim, index, 0)
    total = _core.scatter_add(base, dim, index, src)
    if reduce == "sum":
        return total
    ones = _core.ones_like(input.detach())
    ones = ones if include_self else _core.scatter(ones, dim, index, 0)
    count = _core.scatter_add(ones, dim, index, _core.ones_like(src.detach())).clamp(min=1)
    return total / count if input.is_floating_point() else _core.floor_divide(total, count)
