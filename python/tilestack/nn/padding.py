"""What stands around sequences, images and volumes."""

from __future__ import annotations

from collections.abc import Sequence

from tilestack._core import Tensor
from tilestack.nn import functional as F
from tilestack.nn.module import Module


class _Pad(Module):
    dims = 0
    mode = "constant"
    value: float | None = None

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__()
        n = 2 * self.dims
        self.padding = (padding,) * n if isinstance(padding, int) else tuple(padding)
        if len(self.padding) != n:
            raise ValueError(f"{type(self).__name__}: padding must be one number or {n}, got {padding!r}")

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """A value around sequences; see ZeroPad2d for the arguments."""

    dims, mode = 1, "constant"


class ConstantPad2d(_ConstantPad):
    """A value around images; see ZeroPad2d for the arguments."""

    dims, mode = 2, "constant"


class ConstantPad3d(_ConstantPad):
    """A value around volumes; see ZeroPad2d for the arguments."""

    dims, mode = 3, "constant"


class ZeroPad1d(_Pad):
    """Zeros around sequences; see ZeroPad2d for the arguments."""

    dims, mode = 1, "constant"


class ZeroPad2d(_Pad):
    """Zeros around images.

    x: (batch, channels, height, width) or (channels, height, width). padding: one number for all sides, or (left, right,
    top, bottom), which may be negative: they cut. Of sequences and volumes: (left, right), and (left, right, top,
    bottom, front, back).
    """

    dims, mode = 2, "constant"


class ZeroPad3d(_Pad):
    """Zeros around volumes; see ZeroPad2d for the arguments."""

    dims, mode = 3, "constant"


class ReflectionPad1d(_Pad):
    """The mirror image around sequences; see ZeroPad2d for the arguments."""

    dims, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """The mirror image around images; see ZeroPad2d for the arguments."""

    dims, mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """The mirror image around volumes; see ZeroPad2d for the arguments."""

    dims, mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """Copies of the edge around sequences; see ZeroPad2d for the arguments."""

    dims, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """Copies of the edge around images; see ZeroPad2d for the arguments."""

    dims, mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """Copies of the edge around volumes; see ZeroPad2d for the arguments."""

    dims, mode = 3, "replicate"


class CircularPad1d(_Pad):
    """What is at the other end around sequences; see ZeroPad2d for the arguments."""

    dims, mode = 1, "circular"


class CircularPad2d(_Pad):
    """What is at the other end around images; see ZeroPad2d for the arguments."""

    dims, mode = 2, "circular"


class CircularPad3d(_Pad):
    """What is at the other end around volumes; see ZeroPad2d for the arguments."""

    dims, mode = 3, "circular"
