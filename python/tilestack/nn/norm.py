"""Normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tilestack as ts
from tilestack._core import Tensor
from tilestack.nn import functional as F
from tilestack.nn import init
from tilestack.nn.module import Module
from tilestack.nn.parameter import Parameter


def _sizes(value: int | Sequence[int]) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else tuple(value)


class LayerNorm(Module):
    """Zero mean and unit variance over the last dimensions, then a learned scale and shift (Ba et al., 2016).

    x: (..., *normalized_shape) float. Returns the same shape.
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        empty = {"device": device, "dtype": dtype}
        self.weight = Parameter(ts.empty(self.normalized_shape, **empty)) if elementwise_affine else None
        self.bias = Parameter(ts.empty(self.normalized_shape, **empty)) if elementwise_affine and bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Unit root mean square over the last dimensions, then a learned scale (Zhang and Sennrich, 2019).

    x: (..., *normalized_shape) float. Returns the same shape. eps: None means the spacing of x's dtype at 1.
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        shape = self.normalized_shape
        self.weight = Parameter(ts.ones(shape, device=device, dtype=dtype)) if elementwise_affine else None

    def reset_parameters(self) -> None:
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class _BatchNorm(Module):
    """In training, zero mean and unit variance of each channel over the batch; in evaluation, by running statistics.

    Then a learned scale and shift (Ioffe and Szegedy, 2015). running = (1 - momentum) running + momentum batch, with
    the unbiased variance; momentum None: the average of all batches so far. x: float, channels at dimension 1.
    """

    dims: tuple[int, ...] = ()
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.weight = Parameter(ts.ones((num_features,), device=device, dtype=dtype)) if affine else None
        self.bias = Parameter(ts.zeros((num_features,), device=device, dtype=dtype)) if affine and bias else None
        track = track_running_stats
        self.register_buffer("running_mean", ts.zeros((num_features,), device=device, dtype=dtype) if track else None)
        self.register_buffer("running_var", ts.ones((num_features,), device=device, dtype=dtype) if track else None)
        self.register_buffer("num_batches_tracked", ts.zeros((), dtype=ts.int64, device=device) if track else None)

    def reset_running_stats(self) -> None:
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() not in self.dims:
            wanted = " or ".join(f"{n}-D" for n in self.dims)
            raise ValueError(f"batch_norm: {type(self).__name__} needs {wanted} x, got shape {tuple(x.shape)}")
        momentum = self.momentum
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if momentum is None:
                momentum = 1 / self.num_batches_tracked.item()
        by_batch = self.training or self.running_mean is None
        momentum = 0.0 if momentum is None else momentum
        return F.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, by_batch, momentum, self.eps
        )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    __doc__ = (_BatchNorm.__doc__ or "") + "\n    x: (batch, channels) or (batch, channels, length).\n"
    dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    __doc__ = (_BatchNorm.__doc__ or "") + "\n    x: (batch, channels, height, width).\n"
    dims = (4,)
