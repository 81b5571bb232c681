"""Sums that pass over NaN, integrals, covariances."""

from __future__ import annotations

from typing import Any

from tilestack import _core
from tilestack._core import Tensor
from tilestack.composed.ordering import diff

__all__ = [
    "corrcoef",
    "cov",
    "cumulative_trapezoid",
    "dist",
    "nanmean",
    "nansum",
    "renorm",
    "trapezoid",
]


def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over dim (None: all), NaN as 0."""
    if input.is_floating_point():
        input = _core.where(input != input, 0.0, input)
    return _core.sum(input, dim, keepdim, dtype)


def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over dim (None: all) of what is not NaN."""
    _core.mean(input.detach(), dim, keepdim, dtype)  # its errors
    count = (input == input).sum(dim, keepdim)
    total = nansum(input, dim, keepdim, dtype=dtype)
    return total / count.to(total.dtype)


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float = 1.0, dim: int = -1) -> Tensor:
    """The integral along dim by the trapezoidal rule, of values y at places x, or dx apart."""
    return _trapezes(y, x, dx, dim).sum(dim)


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float = 1.0, dim: int = -1) -> Tensor:
    """The integrals up to each place but the first, by the trapezoidal rule."""
    return _trapezes(y, x, dx, dim).cumsum(dim)


def _trapezes(y: Tensor, x: Tensor | None, dx: float, dim: int) -> Tensor:
    size = max(y.shape[dim] - 1, 0)
    pairs = y.narrow(dim, y.shape[dim] - size, size) + y.narrow(dim, 0, size)
    if x is None:
        return pairs * (dx / 2)
    if x.dim() == 1 and y.dim() > 1:
        x = x.reshape(-1, *(1,) * (y.dim() - 1 - dim % y.dim()))
        return pairs * diff(x, dim=0) / 2
    return pairs * diff(x, dim=dim) / 2


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of input - other, broadcast."""
    return (input - other).norm(p)


def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariances of the rows, variables, of (variables, observations), or the variance of a vector.

    fweights: how often each observation counts, int64. aweights: the importance of each.
    """
    if input.dim() > 2:
        raise ValueError(f"cov: input must have at most 2 dimensions, got shape {tuple(input.shape)}")
    rows = input if input.dim() == 2 else input.reshape(1, -1)
    rows = rows if rows.is_floating_point() else rows.to(_core.float32)
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is not None and given.shape != rows.shape[1:]:
            raise ValueError(f"cov: {name} must have shape {rows.shape[1:]}, got {tuple(given.shape)}")
        if given is not None and bool((given < 0).any()):
            raise ValueError(f"cov: {name} must not be negative")
    if fweights is not None and fweights.is_floating_point():
        raise TypeError(f"cov: fweights must be integers, got {fweights.dtype.name}")
    if aweights is not None and not aweights.is_floating_point():
        raise TypeError(f"cov: aweights must be floats, got {aweights.dtype.name}")
    ones = _core.ones(rows.shape[1], dtype=rows.dtype, device=rows.device)
    weights = ones if aweights is None else aweights
    weights = weights if fweights is None else weights * fweights
    total = weights.sum()
    less = correction if aweights is None else correction * (weights * aweights).sum() / total
    centred = rows - (rows * weights).sum(1, keepdim=True) / total
    return (centred @ (centred * weights).mT / (total - less).clamp(min=0)).squeeze()


def corrcoef(input: Tensor) -> Tensor:
    """The correlation coefficients of the rows, variables, of (variables, observations)."""
    c = cov(input)
    if c.dim() == 0:
        return c / c
    scale = c.diagonal().sqrt()
    return (c / scale.unsqueeze(1) / scale.unsqueeze(0)).clamp(-1, 1)


def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """The slices along dim whose p-norm is above maxnorm, scaled down to it."""
    if p <= 0 or maxnorm < 0:
        raise ValueError(f"renorm: p must be positive and maxnorm not negative, got {p} and {maxnorm}")
    if input.dim() < 2:
        raise ValueError(f"renorm: input must have at least 2 dimensions, got shape {tuple(input.shape)}")
    if not -input.dim() <= dim < input.dim():
        raise IndexError(f"renorm: dimension {dim} is out of range for {input.dim()} dimensions")
    others = tuple(d for d in range(input.dim()) if d != dim % input.dim())
    norms = input.norm(p, others, True)
    return input * _core.where(norms > maxnorm, maxnorm / (norms + 1e-7), 1.0)
