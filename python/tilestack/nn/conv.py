"""Convolution."""

from __future__ import annotations

from typing import Any

import tilestack as ts
from tilestack._core import Tensor
from tilestack.nn import functional as F
from tilestack.nn import init
from tilestack.nn.module import Module
from tilestack.nn.parameter import Parameter

Pair = int | tuple[int, int]


def pair(name: str, value: Pair) -> tuple[int, int]:
    """An int twice, or two ints."""
    sizes = (value, value) if isinstance(value, int) else tuple(value)
    if len(sizes) != 2 or not all(isinstance(size, int) for size in sizes):
        raise ValueError(f"{name} must be an int or two ints, got {value!r}")
    return sizes


class Conv2d(Module):
    """Cross-correlation of images with learned filters.

    x: (batch, in_channels, height, width) float. Returns (batch, out_channels, height', width'), with
    height' = floor((height + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.
    weight: (out_channels, in_channels / groups, *kernel_size). padding: int, pair, "valid", or "same" (stride 1 only).
    """

    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair | str = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if groups <= 0 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"Conv2d: groups must divide in_channels and out_channels, got {groups} and {in_channels}, "
                f"{out_channels}"
            )
        if padding_mode != "zeros":
            raise ValueError(
                f'Conv2d: padding_mode must be "zeros" (pad before the layer otherwise), got {padding_mode!r}'
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = pair("Conv2d: kernel_size", kernel_size)
        self.stride = pair("Conv2d: stride", stride)
        self.dilation = pair("Conv2d: dilation", dilation)
        self.groups = groups
        self.padding_mode = padding_mode
        self.padding = padding if isinstance(padding, str) else pair("Conv2d: padding", padding)
        self._sides, self._extra = self._resolve_padding()
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(ts.empty(shape, device=device, dtype=dtype))
        self.bias = Parameter(ts.empty((out_channels,), device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        init.linear_defaults_(self.weight, self.bias)

    def _resolve_padding(self) -> tuple[tuple[int, int], tuple[int, int, int, int] | None]:
        """Padding on both sides, and what "same" with an odd total must pad beforehand at the right and bottom."""
        if not isinstance(self.padding, str):
            return self.padding, None
        if self.padding == "valid":
            return (0, 0), None
        if self.padding != "same":
            raise ValueError(f'Conv2d: padding must be "same", "valid" or numbers, got {self.padding!r}')
        if self.stride != (1, 1):
            raise ValueError(f'Conv2d: padding="same" needs stride 1, got {self.stride}')
        high, wide = (d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True))
        extra = (0, wide % 2, 0, high % 2)
        return (high // 2, wide // 2), extra if any(extra) else None

    def forward(self, x: Tensor, activation: str | None = None) -> Tensor:
        if self._extra is not None:
            x = F.pad(x, self._extra)
        if activation is None:
            return F.conv2d(x, self.weight, self.bias, self.stride, self._sides, self.dilation, self.groups)
        return F.fused_conv2d(
            x, self.weight, self.bias, self.stride, self._sides, self.dilation, self.groups, activation
        )

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0, 0):
            text += f", padding={self.padding}"
        if self.dilation != (1, 1):
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        return text + (", bias=False" if self.bias is None else "")
