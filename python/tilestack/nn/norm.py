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


class BatchNorm3d(_BatchNorm):
    __doc__ = (_BatchNorm.__doc__ or "") + "\n    x: (batch, channels, depth, height, width).\n"
    dims = (5,)


class GroupNorm(Module):
    """Zero mean and unit variance over each group of channels of a sample, then a learned scale and shift of each
    channel (Wu and He, 2018).

    x: (batch, num_channels, ...) float. Returns the same shape.
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_groups <= 0 or num_channels % num_groups:
            raise ValueError(f"GroupNorm: num_groups must divide num_channels {num_channels}, got {num_groups}")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self.weight = Parameter(ts.ones((num_channels,), device=device, dtype=dtype)) if affine else None
        self.bias = Parameter(ts.zeros((num_channels,), device=device, dtype=dtype)) if affine and bias else None

    def reset_parameters(self) -> None:
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class _InstanceNorm(_BatchNorm):
    """Zero mean and unit variance of each channel of each sample (Ulyanov et al., 2016), then, with affine, a learned
    scale and shift.

    With track_running_stats evaluation uses running statistics instead, as in batch norm.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        unbatched = x.dim() == self.dims[0] - 1
        if x.dim() != self.dims[0] and not unbatched:
            raise ValueError(
                f"instance_norm: {type(self).__name__} needs {self.dims[0] - 1}-D or {self.dims[0]}-D x, got shape "
                f"{tuple(x.shape)}"
            )
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        y = F.instance_norm(
            x.unsqueeze(0) if unbatched else x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return y.squeeze(0) if unbatched else y


class InstanceNorm1d(_InstanceNorm):
    __doc__ = (_InstanceNorm.__doc__ or "") + "\n    x: (batch, channels, length) or (channels, length).\n"
    dims = (3,)


class InstanceNorm2d(_InstanceNorm):
    __doc__ = (_InstanceNorm.__doc__ or "") + "\n    x: (batch, channels, height, width) or without batch.\n"
    dims = (4,)


class InstanceNorm3d(_InstanceNorm):
    __doc__ = (_InstanceNorm.__doc__ or "") + "\n    x: (batch, channels, depth, height, width) or without batch.\n"
    dims = (5,)


class LocalResponseNorm(Module):
    """x / (k + alpha * mean of x^2 over `size` neighbouring channels)^beta (Krizhevsky et al., 2012).

    x: (batch, channels, ...) float. Returns the same shape.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, x: Tensor) -> Tensor:
        return F.local_response_norm(x, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
