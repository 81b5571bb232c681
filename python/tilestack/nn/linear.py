"""Linear, and the layers that only reshape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tilestack as ts
from tilestack._core import Tensor
from tilestack.nn import functional as F
from tilestack.nn import init
from tilestack.nn.module import Module
from tilestack.nn.parameter import Parameter


class Linear(Module):
    """y = x W^T + b.

    x: (..., in_features) float. Returns (..., out_features). weight: (out_features, in_features). bias: (out_features).
    """

    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(ts.empty((out_features, in_features), device=device, dtype=dtype))
        self.bias = Parameter(ts.empty((out_features,), device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        init.linear_defaults_(self.weight, self.bias)

    def forward(self, input: Tensor, activation: str | None = None) -> Tensor:
        if activation is None:
            return F.linear(input, self.weight, self.bias)
        return F.fused_linear(input, self.weight, self.bias, activation)

    def _weight_out_in(self) -> Tensor:
        """What nn.quantize reads."""
        return self.weight

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Identity(Module):
    """Returns x; takes any arguments."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, x: Any) -> Any:
        return x


class Flatten(Module):
    """Makes dimensions start_dim to end_dim one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Splits dimension `dim` into `unflattened_size`, of which one may be -1."""

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        self.dim = dim
        self.unflattened_size = tuple(unflattened_size)

    def forward(self, x: Tensor) -> Tensor:
        shape, sizes = tuple(x.shape), self.unflattened_size
        if not -len(shape) <= self.dim < len(shape):
            raise IndexError(f"unflatten: dim {self.dim} is out of range for x of shape {shape}")
        dim = self.dim % len(shape)
        known = math.prod(size for size in sizes if size != -1)
        free = sizes.count(-1)
        if free > 1 or (shape[dim] != known if free == 0 else known == 0 or shape[dim] % known):
            raise ValueError(f"unflatten: dimension {dim} of x {shape} does not split into {sizes}")
        return x.reshape(shape[:dim] + sizes + shape[dim + 1 :])

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
