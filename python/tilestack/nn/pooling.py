"""Pooling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tilestack._core import Tensor
from tilestack.nn import functional as F
from tilestack.nn.composed_pools import Outputs, Sizes
from tilestack.nn.module import Module


class _MaxPool(Module):
    """The largest value of each window. stride: None means kernel_size.

    Padding counts as minus infinity. ceil_mode keeps a last window that hangs over the edge. return_indices: returns
    the int64 positions of the values as well, counted row by row.
    """

    function: Callable[..., Any]

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, x: Tensor) -> Any:
        pool = type(self).function
        return pool(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    __doc__ = (_MaxPool.__doc__ or "") + "\n    x: (batch, channels, length).\n"
    function = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPool):
    __doc__ = (_MaxPool.__doc__ or "") + "\n    x: (batch, channels, height, width).\n"
    function = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPool):
    __doc__ = (_MaxPool.__doc__ or "") + "\n    x: (batch, channels, depth, height, width).\n"
    function = staticmethod(F.max_pool3d)


class AvgPool1d(Module):
    """The mean of each window. x: (batch, channels, length). stride: None means kernel_size.

    count_include_pad: padding zeros count in the mean.
    """

    function: Callable[..., Any] = staticmethod(F.avg_pool1d)

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def _arguments(self) -> list[Any]:
        return [self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad]

    def forward(self, x: Tensor) -> Tensor:
        return type(self).function(x, *self._arguments())

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(AvgPool1d):
    """The mean of each window. x: (batch, channels, height, width). stride: None means kernel_size.

    count_include_pad: padding zeros count in the mean. divisor_override: divide by this instead.
    """

    function: Callable[..., Any] = staticmethod(F.avg_pool2d)

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)
        self.divisor_override = divisor_override

    def _arguments(self) -> list[Any]:
        return [*super()._arguments(), self.divisor_override]


class AvgPool3d(AvgPool2d):
    """AvgPool2d of (batch, channels, depth, height, width)."""

    function: Callable[..., Any] = staticmethod(F.avg_pool3d)


class _AdaptivePool(Module):
    function: Callable[..., Any]

    def __init__(self, output_size: Outputs) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, x: Tensor) -> Any:
        return type(self).function(x, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptivePool):
    """The mean of output_size windows that cover the sequence. x: (batch, channels, length)."""

    function = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptivePool):
    """The mean of output_size windows that cover the image. x: (batch, channels, height, width)."""

    function = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptivePool):
    """The mean of output_size windows that cover the volume. x: (batch, channels, depth, height, width)."""

    function = staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMaxPool(_AdaptivePool):
    def __init__(self, output_size: Outputs, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, x: Tensor) -> Any:
        return type(self).function(x, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest value of output_size windows that cover the sequence. x: (batch, channels, length)."""

    function = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest value of output_size windows that cover the image. x: (batch, channels, height, width)."""

    function = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The largest value of output_size windows that cover the volume. x: (batch, channels, depth, height, width)."""

    function = staticmethod(F.adaptive_max_pool3d)


class _LPPool(Module):
    function: Callable[..., Tensor]

    def __init__(
        self, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, x: Tensor) -> Tensor:
        return type(self).function(x, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        return f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}"


class LPPool1d(_LPPool):
    """(sum of x^norm_type over each window)^(1 / norm_type). x: (batch, channels, length)."""

    function = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPool):
    """(sum of x^norm_type over each window)^(1 / norm_type). x: (batch, channels, height, width)."""

    function = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPool):
    """(sum of x^norm_type over each window)^(1 / norm_type). x: (batch, channels, depth, height, width)."""

    function = staticmethod(F.lp_pool3d)


class _MaxUnpool(Module):
    function: Callable[..., Tensor]

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding

    def forward(self, x: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return type(self).function(x, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Each element where MaxPool1d found it, 0 elsewhere. x, indices: (batch, channels, length)."""

    function = staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpool):
    """Each element where MaxPool2d found it, 0 elsewhere. x, indices: (batch, channels, height, width)."""

    function = staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpool):
    """Each element where MaxPool3d found it, 0 elsewhere. x, indices: (batch, channels, depth, height, width)."""

    function = staticmethod(F.max_unpool3d)
