"""Convolutions of volumes, as convolutions of images whose channels are the frames that a kernel sees."""

from __future__ import annotations

from collections.abc import Sequence

from tilestack._core import Tensor, conv2d, conv_transpose2d, fold, pad, unfold
from tilestack.nn.composed_pools import sizes_of

Sizes = int | Sequence[int]


def _check_volume(op: str, input: Tensor, weight: Tensor, bias: Tensor | None, channels: int, out: int) -> None:
    if weight.dim() != 5:
        raise ValueError(f"{op}: weight must have 5 dimensions, got shape {tuple(weight.shape)}")
    if input.dim() != 5 or input.shape[1] != channels:
        raise ValueError(
            f"{op}: weight {tuple(weight.shape)} needs an input of shape (batch, {channels}, depth, height, width) or "
            f"({channels}, depth, height, width), got {tuple(input.shape)}"
        )
    if bias is not None and tuple(bias.shape) != (out,):
        raise ValueError(f"{op}: bias must have shape ({out},), got {tuple(bias.shape)}")


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation of volumes with filters.

    input: (batch, channels, depth, height, width) or without batch, float. weight: (out, channels / groups, kd, kh, kw).
    bias: (out,). stride, padding, dilation: one number or (depth, height, width); padding also "valid" or "same" (stride
    1 only). Returns (batch, out, depth', height', width'). ValueError for shapes that don't fit.
    """
    op = "conv3d"
    if input.dim() == 4:
        return conv3d(input.unsqueeze(0), weight, bias, stride, padding, dilation, groups).squeeze(0)
    out = weight.shape[0]
    _check_volume(op, input, weight, bias, weight.shape[1] * groups if weight.dim() > 1 else 0, out)
    kernel = tuple(weight.shape[2:])
    s, d = sizes_of(op, "stride", stride, 3), sizes_of(op, "dilation", dilation, 3)
    if padding == "same":
        if s != (1, 1, 1):
            raise ValueError(f'{op}: padding "same" needs stride 1, got {stride}')
        total = [e * (k - 1) for e, k in zip(d, kernel, strict=True)]
        input = pad(input, [side for t in reversed(total) for side in (t // 2, t - t // 2)])
        padding = 0
    elif isinstance(padding, str):
        if padding != "valid":
            raise ValueError(f'{op}: padding must be "same", "valid", one number or three, got {padding!r}')
        padding = 0
    p = sizes_of(op, "padding", padding, 3)
    batch, channels, depth, height, width = input.shape
    frames = (depth + 2 * p[0] - d[0] * (kernel[0] - 1) - 1) // s[0] + 1
    if frames < 1 or min(kernel) < 1:
        raise ValueError(
            f"{op}: the kernel of weight {tuple(weight.shape)}, dilated by {d}, does not fit in input "
            f"{tuple(input.shape)} padded by {p}"
        )
    seen = input.reshape(batch, channels, depth, height * width)
    if (kernel[0], s[0], p[0]) != (1, 1, 0):
        seen = unfold(seen, (kernel[0], 1), (d[0], 1), (p[0], 0), (s[0], 1))
    seen = seen.reshape(batch, channels * kernel[0], frames, height, width).transpose(1, 2).flatten(0, 1)
    y = conv2d(seen, weight.flatten(1, 2), bias, s[1:], p[1:], d[1:], groups)
    return y.reshape(batch, frames, *y.shape[1:]).transpose(1, 2)


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The transposed map of conv3d's: each element adds itself times the filters to a window of the result.

    input: (batch, channels, depth, height, width) or without batch, float. weight: (channels, out / groups, kd, kh, kw).
    bias: (out,). The others: one number or (depth, height, width). Sizes as of conv_transpose2d.
    """
    op = "conv_transpose3d"
    if input.dim() == 4:
        return conv_transpose3d(
            input.unsqueeze(0), weight, bias, stride, padding, output_padding, groups, dilation
        ).squeeze(0)
    out = weight.shape[1] * groups if weight.dim() > 1 else 0
    _check_volume(op, input, weight, bias, weight.shape[0], out)
    s, d = sizes_of(op, "stride", stride, 3), sizes_of(op, "dilation", dilation, 3)
    p, extra = sizes_of(op, "padding", padding, 3), sizes_of(op, "output_padding", output_padding, 3)
    if extra[0] >= s[0] and extra[0] >= d[0]:
        raise ValueError(f"{op}: output_padding must be smaller than stride or dilation, got {extra}, {s} and {d}")
    batch, channels, depth, height, width = input.shape
    kernel = weight.shape[2]
    frames = input.transpose(1, 2).reshape(batch * depth, channels, height, width)
    taps = conv_transpose2d(frames, weight.flatten(1, 2), None, s[1:], p[1:], extra[1:], groups, d[1:])
    plane = taps.shape[-2:]
    area = plane[0] * plane[1]
    taps = taps.reshape(batch, depth, out * kernel, area).transpose(1, 2).flatten(2)
    whole = (depth - 1) * s[0] + d[0] * (kernel - 1) + 1
    if whole - 2 * p[0] + extra[0] < 1:
        raise ValueError(f"{op}: padding {p} leaves nothing of input {tuple(input.shape)}")
    y = fold(taps, (whole, area), (kernel, 1), (d[0], 1), 0, (s[0], 1))
    if p[0] or extra[0]:
        y = pad(y, [0, 0, -p[0], extra[0] - p[0]])
    y = y.reshape(batch, out, y.shape[2], *plane)
    return y if bias is None else y + bias.reshape(-1, 1, 1, 1)
