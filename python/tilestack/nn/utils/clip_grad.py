"""Gradient clipping."""

from __future__ import annotations

import math
from collections.abc import Iterable

import tilestack as ts
from tilestack import _core
from tilestack._core import Tensor


def _with_grad(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    each = [parameters] if isinstance(parameters, Tensor) else parameters
    return [parameter.grad for parameter in each if parameter.grad is not None]


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> Tensor:
    """Scale all gradients by max_norm / norm where the norm of all together exceeds max_norm; returns that norm.

    norm_type: p of the p-norm. error_if_nonfinite: RuntimeError, with nothing scaled, if the norm is not finite.
    """
    grads = _with_grad(parameters)
    if not grads:
        return ts.zeros(())
    norm = _core.grad_norm(grads, norm_type)
    if norm.device.type == "cuda" and not error_if_nonfinite:  # without waiting for the GPU
        _core.scale(grads, (max_norm / (norm + 1e-6)).clamp(max=1.0))
        return norm
    value = norm.item()
    if error_if_nonfinite and not math.isfinite(value):
        raise RuntimeError(f"clip_grad_norm_: the norm of the gradients is {value}; nothing was scaled")
    if not value <= max_norm:
        _core.scale(grads, max_norm / (value + 1e-6))
    return norm


@ts.no_grad()
def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Bring every element of the gradients into [-clip_value, clip_value]."""
    if clip_value < 0:
        raise ValueError(f"clip_grad_value_: clip_value must not be negative, got {clip_value}")
    for grad in _with_grad(parameters):
        grad.clamp_(-clip_value, clip_value)
