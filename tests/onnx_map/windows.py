"""Windows over images: convolutions and pools."""

from __future__ import annotations

import math

import tilestack as ts
from onnx_map.graph import Node, NotMapped, numbers, operator

F = ts.nn.functional


class Windows:
    """The attributes of a window, and the padding they ask for, along each of the last dimensions."""

    def __init__(self, node: Node, x: ts.Tensor, kernel: list[int]) -> None:
        n = len(kernel)
        self.kernel, self.size = list(kernel), list(x.shape[-n:])
        self.stride = list(node("strides", [1] * n))
        self.dilation = list(node("dilations", [1] * n))
        pads = list(node("pads", [0] * 2 * n))
        self.before, self.after = pads[:n], pads[n:]
        auto = node("auto_pad", "NOTSET")
        if auto == "VALID":
            self.before = self.after = [0] * n
        if auto.startswith("SAME"):
            for i, (size, k, s, d) in enumerate(zip(self.size, kernel, self.stride, self.dilation, strict=True)):
                total = max(0, (math.ceil(size / s) - 1) * s + d * (k - 1) + 1 - size)
                small = total // 2
                self.before[i] = small if auto == "SAME_UPPER" else total - small
                self.after[i] = total - self.before[i]

    @property
    def even(self) -> bool:
        return self.before == self.after

    @property
    def widths(self) -> list[int]:
        """As F.pad takes them: the last dimension first."""
        return [width for pair in zip(self.before[::-1], self.after[::-1], strict=True) for width in pair]


def of_rank(name: str, kernel: list[int]):
    return getattr(F, f"{name}{len(kernel)}d")


@operator("Conv")
def conv(node, x, w, b=None):
    windows = Windows(node, x, w.shape[2:])
    padding = windows.before if windows.even else 0
    x = x if windows.even else F.pad(x, windows.widths)
    convolve = of_rank("conv", w.shape[2:])
    return convolve(x, w, b, windows.stride, padding, windows.dilation, node("group", 1))


@operator("CausalConvWithState")
def causal_conv(node, x, w, b=None, state=None):
    if state is None:
        state = ts.zeros((*x.shape[:2], w.shape[2] - 1), dtype=x.dtype)
    x = ts.cat([state, x], 2)
    y = F.conv1d(x, w, b, groups=x.shape[1])
    y = F.silu(y) if node("activation", "none") in ("silu", "swish") else y
    return y, x[:, :, x.shape[2] - w.shape[2] + 1 :]


@operator("ConvTranspose")
def conv_transpose(node, x, w, b=None):
    kernel = w.shape[2:]
    n = len(kernel)
    windows = Windows(Node({k: v for k, v in node.attributes.items() if k != "auto_pad"}, 1, 0), x, kernel)
    extra = list(node("output_padding", [0] * n))
    before, after = windows.before, windows.after
    full = [
        (size - 1) * s + d * (k - 1) + 1
        for size, s, d, k in zip(windows.size, windows.stride, windows.dilation, kernel, strict=True)
    ]
    auto = node("auto_pad", "NOTSET")
    wanted = node("output_shape")
    if auto.startswith("SAME"):
        wanted = [size * s for size, s in zip(windows.size, windows.stride, strict=True)]
    if wanted is not None:
        total = [f - want for f, want in zip(full, wanted, strict=True)]
        extra = [max(0, -t) for t in total]
        small = [max(0, t) // 2 for t in total]
        large = [max(0, t) - s for t, s in zip(total, small, strict=True)]
        before, after = (small, large) if auto == "SAME_UPPER" else (large, small)
    transposed = of_rank("conv_transpose", kernel)
    if before == after:
        return transposed(x, w, b, windows.stride, before, extra, node("group", 1), windows.dilation)
    y = transposed(x, w, b, windows.stride, 0, extra, node("group", 1), windows.dilation)
    cuts = [width for pair in zip(before[::-1], after[::-1], strict=True) for width in pair]
    return F.pad(y, [-cut for cut in cuts])


def fits(windows: Windows) -> bool:
    """Whether torch's pools take this padding as their own."""
    return windows.even and all(p <= k // 2 for p, k in zip(windows.before, windows.kernel, strict=True))


@operator("MaxPool")
def max_pool(node, x):
    windows = Windows(node, x, node("kernel_shape"))
    pool = of_rank("max_pool", windows.kernel)
    own = fits(windows)
    padded = x if own or not any(windows.widths) else F.pad(x, windows.widths, value=-math.inf)
    found = pool(
        padded,
        windows.kernel,
        windows.stride,
        windows.before if own else 0,
        windows.dilation,
        bool(node("ceil_mode", 0)),
        node.outputs > 1,
    )
    if node.outputs == 1:
        return found
    y, at = found
    if len(windows.kernel) != 2:
        raise NotMapped("indices of other than images")
    height, width = windows.size
    if not own:
        wide = padded.shape[-1]
        rows = ts.floor_divide(at, wide) - windows.before[0]
        at = rows * width + ts.remainder(at, wide) - windows.before[1]
    if node("storage_order", 0):
        at = ts.remainder(at, width) * height + ts.floor_divide(at, width)
    planes = ts.arange(x.shape[0] * x.shape[1]).reshape(*x.shape[:2], 1, 1)
    return y, at + planes * (height * width)


@operator("AveragePool")
def average_pool(node, x):
    windows = Windows(node, x, node("kernel_shape"))
    if any(d != 1 for d in windows.dilation):
        raise NotMapped("torch's avg_pool has no dilation")
    pool = of_rank("avg_pool", windows.kernel)
    ceil, counted = bool(node("ceil_mode", 0)), bool(node("count_include_pad", 0))
    if fits(windows):
        return pool(x, windows.kernel, windows.stride, windows.before, ceil, counted)
    y = pool(F.pad(x, windows.widths), windows.kernel, windows.stride, 0, ceil)
    if counted:
        return y
    return y / pool(F.pad(ts.ones_like(x), windows.widths), windows.kernel, windows.stride, 0, ceil)


@operator("LpPool")
def lp_pool(node, x):
    windows = Windows(node, x, node("kernel_shape"))
    if any(d != 1 for d in windows.dilation):
        raise NotMapped("torch's lp_pool has no dilation")
    x = F.pad(ts.abs(x), windows.widths)
    return of_rank("lp_pool", windows.kernel)(
        x, node("p", 2), windows.kernel, windows.stride, bool(node("ceil_mode", 0))
    )


@operator("GlobalAveragePool")
def global_average_pool(node, x):
    return of_rank("adaptive_avg_pool", x.shape[2:])(x, 1)


@operator("GlobalMaxPool")
def global_max_pool(node, x):
    return of_rank("adaptive_max_pool", x.shape[2:])(x, 1)


@operator("MaxUnpool")
def max_unpool(node, x, at, shape=None):
    windows = Windows(node, x, node("kernel_shape"))
    y = F.max_unpool2d(x, at, windows.kernel, windows.stride)
    if shape is None:
        return y
    high, wide = (n - m for n, m in zip(numbers(shape)[2:], y.shape[2:], strict=True))
    return F.pad(y, (0, wide, 0, high))  # the indices are those of the default size


@operator("Col2Im")
def col2im(node, x, image, block):
    size, kernel = numbers(image), numbers(block)
    if len(size) != 2:
        raise NotMapped("torch's fold is for images")
    pads = node("pads", [0, 0, 0, 0])
    if pads[:2] != pads[2:]:
        raise NotMapped("uneven padding")
    return F.fold(x, size, kernel, node("dilations", [1, 1]), pads[:2], node("strides", [1, 1]))
