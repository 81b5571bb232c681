"""Places of values: counted, searched and drawn."""

from __future__ import annotations

import math
from typing import Any

from tilestack import _core
from tilestack._core import Tensor

__all__ = [
    "argwhere",
    "bincount",
    "bucketize",
    "isin",
    "multinomial",
    "searchsorted",
]


def argwhere(input: Tensor) -> Tensor:
    """The positions (count, dimensions) of elements that are not zero."""
    return input.nonzero()


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each number from 0 on occurs in a vector of integers, or the sums of weights of those places."""
    if input.dim() != 1 or input.is_floating_point() or input.dtype == _core.bool:
        raise ValueError(f"bincount: input must be a vector of integers, got {input.dtype.name} {tuple(input.shape)}")
    if minlength < 0:
        raise ValueError(f"bincount: minlength must not be negative, got {minlength}")
    if weights is not None and weights.shape != input.shape:
        raise ValueError(f"bincount: weights must have shape {tuple(input.shape)}, got {tuple(weights.shape)}")
    index = input.to(_core.int64)
    if index.numel() and index.min().item() < 0:
        raise ValueError(f"bincount: input must not be negative, got {index.min().item()}")
    size = max(minlength, int(index.max().item()) + 1 if index.numel() else 0)
    if weights is None:
        weights = _core.ones_like(index)
    elif weights.dtype != _core.float32:
        weights = weights.to(_core.float64)
    return _core.zeros(size, dtype=weights.dtype, device=input.device).scatter_add(0, index, weights.detach())


def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where each element of input would stand in an ascending sequence: before its equals, or with right after them.

    sorted_sequence: (..., n). input: (..., m) with the same leading dimensions, any shape for a vector of one dimension,
    or a number. Compares all with all: n m steps for each row.
    """
    op = "searchsorted"
    if side not in (None, "left", "right") or (side == "left" and right):
        raise ValueError(f"{op}: side must be 'left' or 'right' and agree with right={right}, got {side!r}")
    if sorted_sequence.dim() == 0:
        raise ValueError(f"{op}: sorted_sequence must have at least 1 dimension")
    if not isinstance(input, Tensor):
        input = _core.full((), input, device=sorted_sequence.device)
    if sorter is not None:
        if sorter.shape != sorted_sequence.shape or sorter.dtype != _core.int64:
            raise ValueError(
                f"{op}: sorter must be int64 of shape {tuple(sorted_sequence.shape)}, "
                f"got {sorter.dtype.name} {tuple(sorter.shape)}"
            )
        sorted_sequence = sorted_sequence.gather(-1, sorter)
    if sorted_sequence.dim() > 1 and input.shape[:-1] != sorted_sequence.shape[:-1]:
        raise ValueError(
            f"{op}: sequences {tuple(sorted_sequence.shape)} need input of shape (..., m) with the same leading "
            f"dimensions, got {tuple(input.shape)}"
        )
    row, x = sorted_sequence.detach(), input.detach().unsqueeze(-1)
    row = row if row.dim() == 1 else row.unsqueeze(-2)
    after = side == "right" or right
    before = (row <= x) if after else (row < x)
    if x.is_floating_point():  # NaN is the largest
        before = before.logical_or(x != x) if after else before.logical_or((x != x).logical_and(row == row))
    count = before.sum(-1)
    return count.to(_core.int32) if out_int32 else count


def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """The index of the bucket of each element, between ascending boundaries; with right, a boundary begins a bucket."""
    if boundaries.dim() != 1:
        raise ValueError(f"bucketize: boundaries must be a vector, got shape {tuple(boundaries.shape)}")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Whether each element occurs in test_elements: bool. Compares all with all."""
    if not isinstance(elements, Tensor) and not isinstance(test_elements, Tensor):
        raise TypeError("isin: wanted at least one tensor, got two numbers")
    if not isinstance(test_elements, Tensor):
        found = elements == test_elements
    elif not isinstance(elements, Tensor):
        found = (test_elements == elements).any()
    else:
        found = (elements.unsqueeze(-1) == test_elements.reshape(-1)).any(-1)
    return found.logical_not() if invert else found


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: _core.Generator | None = None
) -> Tensor:
    """num_samples indices of each row of weights, drawn in proportion to them; without replacement all different.

    input: (n) or (rows, n) float, not negative, with a positive sum. Returns int64 (num_samples) or (rows, num_samples).
    """
    op = "multinomial"
    if input.dim() not in (1, 2) or not input.is_floating_point():
        raise ValueError(
            f"{op}: input must be float of shape (n) or (rows, n), got {input.dtype.name} {tuple(input.shape)}"
        )
    weights = input.detach()
    weights = weights if weights.dtype == _core.float64 else weights.to(_core.float32)
    if num_samples <= 0 or (not replacement and num_samples > input.shape[-1]):
        most = "" if replacement else f" and at most {input.shape[-1]}, which is what there is without replacement"
        raise ValueError(f"{op}: num_samples must be positive{most}, got {num_samples}")
    if not bool((weights >= 0).logical_and(weights < math.inf).all()) or not bool((weights.sum(-1) > 0).all()):
        raise ValueError(f"{op}: each row of weights must be finite, not negative and have a positive sum")
    if replacement:
        ends = weights.cumsum(-1)
        shape = (*input.shape[:-1], num_samples)
        noise = _core.rand(shape, generator=generator, dtype=weights.dtype, device=input.device)
        drawn = searchsorted(ends, noise * ends.narrow(-1, input.shape[-1] - 1, 1), right=True)
        last = (weights > 0).to(_core.int64).cumsum(-1).argmax(-1, keepdim=True)  # of weights that are not 0
        return _core.minimum(drawn, last)
    if bool(((weights > 0).sum(-1) < num_samples).any()):
        raise ValueError(f"{op}: {num_samples} samples without replacement need as many weights that are not 0")
    # The places of the first of races whose speeds are the weights (Efraimidis and Spirakis, 2006).
    noise = _core.rand_like(weights, generator=generator)
    return (weights / -(-noise).log1p().clamp(max=-1e-37)).topk(num_samples, -1).indices
