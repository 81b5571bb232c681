"""Convolution."""

from __future__ import annotations

from collections.abc import Sequence
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


PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class Conv2d(Module):
    """Cross-correlation of images with learned filters.

    x: (batch, in_channels, height, width) float. Returns (batch, out_channels, height', width'), with
    height' = floor((height + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.
    weight: (out_channels, in_channels / groups, *kernel_size). padding: int, pair, "valid", or "same" (stride 1 only).
    padding_mode: zeros, reflect, replicate or circular; what stands around the image.
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
        _check_groups("Conv2d", groups, in_channels, out_channels)
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"Conv2d: padding_mode must be one of {', '.join(PADDING_MODES)}, got {padding_mode!r}")
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
        sides = self._sides
        if self.padding_mode != "zeros":
            (high, wide), more = sides, self._extra or (0, 0, 0, 0)
            x = F.pad(x, (wide, wide + more[1], high, high + more[3]), self.padding_mode)
            sides = (0, 0)
        elif self._extra is not None:
            x = F.pad(x, self._extra)
        if activation is None:
            return F.conv2d(x, self.weight, self.bias, self.stride, sides, self.dilation, self.groups)
        return F.fused_conv2d(x, self.weight, self.bias, self.stride, sides, self.dilation, self.groups, activation)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0, 0):
            text += f", padding={self.padding}"
        if self.dilation != (1, 1):
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        return text + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")


def single(name: str, value: int | tuple[int]) -> tuple[int]:
    """An int as a tuple, or a tuple of one."""
    sizes = (value,) if isinstance(value, int) else tuple(value)
    if len(sizes) != 1 or not isinstance(sizes[0], int):
        raise ValueError(f"{name} must be one int, got {value!r}")
    return sizes


Triple = int | tuple[int, int, int]


def triple(name: str, value: Triple) -> tuple[int, int, int]:
    """An int three times, or three ints."""
    sizes = (value, value, value) if isinstance(value, int) else tuple(value)
    if len(sizes) != 3 or not all(isinstance(size, int) for size in sizes):
        raise ValueError(f"{name} must be an int or three ints, got {value!r}")
    return sizes


class Conv1d(Module):
    """Cross-correlation of sequences with learned filters.

    x: (batch, in_channels, length) float. Returns (batch, out_channels, length'), with
    length' = floor((length + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.
    weight: (out_channels, in_channels / groups, kernel_size). padding: int, "valid", or "same" (stride 1 only).
    padding_mode: zeros, reflect, replicate or circular; what stands around the sequence.
    """

    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int],
        stride: int | tuple[int] = 1,
        padding: int | tuple[int] | str = 0,
        dilation: int | tuple[int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _check_groups("Conv1d", groups, in_channels, out_channels)
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"Conv1d: padding_mode must be one of {', '.join(PADDING_MODES)}, got {padding_mode!r}")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = single("Conv1d: kernel_size", kernel_size)
        self.stride = single("Conv1d: stride", stride)
        self.padding = padding if isinstance(padding, str) else single("Conv1d: padding", padding)
        self.dilation = single("Conv1d: dilation", dilation)
        self.groups = groups
        self.padding_mode = padding_mode
        if self.padding not in ("same", "valid") and isinstance(self.padding, str):
            raise ValueError(f'Conv1d: padding must be "same", "valid" or a number, got {padding!r}')
        if self.padding == "same" and self.stride != (1,):
            raise ValueError(f'Conv1d: padding="same" needs stride 1, got {self.stride}')
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(ts.empty(shape, device=device, dtype=dtype))
        self.bias = Parameter(ts.empty((out_channels,), device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        init.linear_defaults_(self.weight, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            room = self.dilation[0] * (self.kernel_size[0] - 1)
            before = room // 2 if padding == "same" else 0 if isinstance(padding, str) else padding[0]
            after = room - before if padding == "same" else before
            x = F.pad(x, (before, after), self.padding_mode)
            padding = (0,)
        return F.conv1d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding={self.padding}, dilation={self.dilation}, groups={self.groups}, bias={self.bias is not None}"
        )


def _check_groups(name: str, groups: int, in_channels: int, out_channels: int) -> None:
    if groups <= 0 or in_channels % groups or out_channels % groups:
        raise ValueError(
            f"{name}: groups must divide in_channels and out_channels, got {groups} and {in_channels}, {out_channels}"
        )


class _ConvTranspose(Module):
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_padding: tuple[int, ...]
    dilation: tuple[int, ...]
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        _check_groups(name, groups, in_channels, out_channels)
        if padding_mode != "zeros":
            raise ValueError(f'{name}: padding_mode must be "zeros", got {padding_mode!r}')
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = self._sizes(f"{name}: kernel_size", kernel_size)
        self.stride = self._sizes(f"{name}: stride", stride)
        self.padding = self._sizes(f"{name}: padding", padding)
        self.output_padding = self._sizes(f"{name}: output_padding", output_padding)
        self.dilation = self._sizes(f"{name}: dilation", dilation)
        self.groups = groups
        self.padding_mode = padding_mode
        shape = (in_channels, out_channels // groups, *self.kernel_size)
        self.weight = Parameter(ts.empty(shape, device=device, dtype=dtype))
        self.bias = Parameter(ts.empty((out_channels,), device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    @staticmethod
    def _sizes(name: str, value: Any) -> tuple[int, ...]:
        raise NotImplementedError

    def reset_parameters(self) -> None:
        init.linear_defaults_(self.weight, self.bias)

    def _output_padding(self, x: Tensor, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """What makes the result's last sizes output_size, which several may be the input of such a convolution."""
        if output_size is None:
            return self.output_padding
        n = len(self.kernel_size)
        sizes = zip(x.shape[-n:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True)
        least = [(size - 1) * s - 2 * p + d * (k - 1) + 1 for size, s, p, d, k in sizes]
        extra = tuple(want - low for want, low in zip(tuple(output_size)[-n:], least, strict=True))
        if any(e < 0 or e >= s for e, s in zip(extra, self.stride, strict=True)):
            raise ValueError(
                f"{type(self).__name__}: output_size must be from {least} to less than stride {self.stride} more, "
                f"got {tuple(output_size)}"
            )
        return extra

    def extra_repr(self) -> str:
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding={self.padding}, output_padding={self.output_padding}, dilation={self.dilation}, "
            f"groups={self.groups}, bias={self.bias is not None}"
        )


class ConvTranspose1d(_ConvTranspose):
    """The transposed map of a Conv1d, which takes its outputs' shape to its inputs'.

    x: (batch, in_channels, length) float. Returns (batch, out_channels, length'), with
    length' = (length - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1; or output_size.
    weight: (in_channels, out_channels / groups, kernel_size).
    """

    _sizes = staticmethod(single)

    def forward(self, x: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        extra = self._output_padding(x, output_size)
        return F.conv_transpose1d(
            x, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )


class ConvTranspose2d(_ConvTranspose):
    """The transposed map of a Conv2d, which takes its outputs' shape to its inputs'.

    x: (batch, in_channels, height, width) float. Returns (batch, out_channels, height', width'), with
    height' = (height - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1; or output_size.
    weight: (in_channels, out_channels / groups, *kernel_size).
    """

    _sizes = staticmethod(pair)

    def forward(self, x: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        extra = self._output_padding(x, output_size)
        return F.conv_transpose2d(
            x, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )


class Conv3d(Module):
    """Cross-correlation of volumes with learned filters.

    x: (batch, in_channels, depth, height, width) float. Returns (batch, out_channels, depth', height', width'), with
    sizes as of Conv2d. weight: (out_channels, in_channels / groups, *kernel_size). padding: int, three of them, "valid",
    or "same" (stride 1 only). padding_mode: zeros, reflect, replicate or circular; what stands around the volume.
    """

    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Triple,
        stride: Triple = 1,
        padding: Triple | str = 0,
        dilation: Triple = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _check_groups("Conv3d", groups, in_channels, out_channels)
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"Conv3d: padding_mode must be one of {', '.join(PADDING_MODES)}, got {padding_mode!r}")
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f'Conv3d: padding must be "same", "valid" or numbers, got {padding!r}')
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = triple("Conv3d: kernel_size", kernel_size)
        self.stride = triple("Conv3d: stride", stride)
        self.padding = padding if isinstance(padding, str) else triple("Conv3d: padding", padding)
        self.dilation = triple("Conv3d: dilation", dilation)
        self.groups = groups
        self.padding_mode = padding_mode
        if padding == "same" and self.stride != (1, 1, 1):
            raise ValueError(f'Conv3d: padding="same" needs stride 1, got {self.stride}')
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(ts.empty(shape, device=device, dtype=dtype))
        self.bias = Parameter(ts.empty((out_channels,), device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        init.linear_defaults_(self.weight, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            sides = []
            for i in (2, 1, 0):
                room = self.dilation[i] * (self.kernel_size[i] - 1) if padding == "same" else 0
                before = room // 2 if isinstance(padding, str) else padding[i]
                sides += [before, room - before if isinstance(padding, str) else before]
            x, padding = F.pad(x, sides, self.padding_mode), (0, 0, 0)
        return F.conv3d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding={self.padding}, dilation={self.dilation}, groups={self.groups}, bias={self.bias is not None}"
        )


class ConvTranspose3d(_ConvTranspose):
    """The transposed map of a Conv3d, which takes its outputs' shape to its inputs'.

    x: (batch, in_channels, depth, height, width) float. Sizes as of ConvTranspose2d.
    weight: (in_channels, out_channels / groups, *kernel_size).
    """

    _sizes = staticmethod(triple)

    def forward(self, x: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        extra = self._output_padding(x, output_size)
        return F.conv_transpose3d(
            x, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )
