"""Activations and dropouts that are made of other ops."""

from __future__ import annotations

import tilestack as ts
from tilestack._core import Tensor, dropout


def softmin(input: Tensor, dim: int, dtype: ts.dtype | None = None) -> Tensor:
    """softmax of -input along dim. dtype: what the input is converted to first."""
    return ts.softmax(-input, dim, dtype)


def tanhshrink(input: Tensor) -> Tensor:
    """input - tanh(input)."""
    return input - ts.tanh(input)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """input where |input| is above lambd, else 0; NaN stays NaN."""
    return ts.where((input >= -lambd).logical_and(input <= lambd), 0.0, input)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """input moved towards 0 by lambd, 0 where |input| is not above it; NaN stays NaN."""
    if lambd < 0:
        raise ValueError(f"softshrink: lambd must not be negative, got {lambd}")
    return ts.where(input > lambd, input - lambd, ts.where(input < -lambd, input + lambd, input * 0.0))


def rrelu(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """input above 0, input times a random slope in [lower, upper) up to it, the middle one unless training.

    (Xu et al., 2015.) inplace is accepted for compatibility and has no effect.
    """
    if lower > upper:
        raise ValueError(f"rrelu: lower must not be above upper, got {lower} and {upper}")
    if not training:
        return ts.nn.functional.leaky_relu(input, (lower + upper) / 2)
    return ts.where(input > 0, input, input * (ts.rand_like(input.detach()) * (upper - lower) + lower))


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """input divided by its p-norm along dim, or by eps where that is larger."""
    return input / input.norm(p, dim, True).clamp(min=eps)


def _check_p(op: str, p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"{op}: p must be from 0 to 1, got {p}")


def _channel_mask(input: Tensor, p: float) -> Tensor:
    """1 / (1 - p) or 0 for each channel of (batch, channels, ...)."""
    ones = ts.ones(*input.shape[:2], *(1,) * (input.dim() - 2), dtype=input.dtype, device=input.device)
    return dropout(ones, p, True)


def _dropout_channels(op: str, input: Tensor, p: float, training: bool, spatial: int) -> Tensor:
    _check_p(op, p)
    if input.dim() not in (spatial + 1, spatial + 2):
        raise ValueError(
            f"{op}: input must have shape (batch, channels, ...) or (channels, ...) with {spatial} more dimensions, "
            f"got {tuple(input.shape)}"
        )
    if not training:
        return input
    batched = input if input.dim() == spatial + 2 else input.unsqueeze(0)
    y = batched * _channel_mask(batched, p)
    return y if y.dim() == input.dim() else y.squeeze(0)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """dropout of whole channels of (batch, channels, length) or (channels, length) (Tompson et al., 2015)."""
    return _dropout_channels("dropout1d", input, p, training, 1)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """dropout of whole channels of (batch, channels, height, width) or (channels, height, width)."""
    return _dropout_channels("dropout2d", input, p, training, 2)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """dropout of whole channels of (batch, channels, depth, height, width) or without the batch."""
    return _dropout_channels("dropout3d", input, p, training, 3)


_SELU_LOW = -1.7580993408473766  # of selu at minus infinity


def _keep_selu(input: Tensor, kept: Tensor, p: float) -> Tensor:
    """input where kept is 1, else selu's limit, then scaled so that mean 0 and variance 1 stay (Klambauer et al., 2017)."""
    if p == 1:
        return input * 0.0
    a = ((1 - p) * (1 + p * _SELU_LOW**2)) ** -0.5
    return (input * kept + (1 - kept) * _SELU_LOW) * a - a * p * _SELU_LOW


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Elements set to selu's negative limit with probability p, if training, keeping mean 0 and variance 1."""
    _check_p("alpha_dropout", p)
    if not training or p == 0:
        return input
    return _keep_selu(input, (dropout(ts.ones_like(input.detach()), p, True) > 0).to(input.dtype), p)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """alpha_dropout of whole channels, dimension 1."""
    _check_p("feature_alpha_dropout", p)
    if input.dim() < 2:
        raise ValueError(f"feature_alpha_dropout: input must have at least 2 dimensions, got {tuple(input.shape)}")
    if not training or p == 0:
        return input
    return _keep_selu(input, (_channel_mask(input.detach(), min(p, 0.999999)) > 0).to(input.dtype), p)
