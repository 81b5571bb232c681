"""Pools that stand on those of images: of sequences, of volumes, by other norms, and the inverse of max pooling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tilestack._core as core
from tilestack._core import Tensor, adaptive_avg_pool2d, adaptive_max_pool2d, avg_pool2d, max_pool2d

Sizes = int | Sequence[int]
Outputs = int | None | Sequence[int | None]


def sizes_of(op: str, name: str, value: Any, n: int) -> tuple[Any, ...]:
    """One number, which stands for all dimensions, or n of them."""
    sizes = (value,) * n if value is None or isinstance(value, int) else tuple(value)
    if len(sizes) == 1:
        sizes *= n
    if len(sizes) != n:
        wanted = "one number" if n == 1 else f"one number or {n}"
        raise ValueError(f"{op}: {name} must be {wanted}, got {value!r}")
    return sizes


def _check_input(op: str, input: Tensor, n: int) -> None:
    where = ("length", "height, width", "depth, height, width")[n - 1]
    if input.dim() not in (n + 1, n + 2):
        raise ValueError(
            f"{op}: the input must have shape (batch, channels, {where}) or (channels, {where}), "
            f"got {tuple(input.shape)}"
        )


# ---- Sequences are images of height 1.


def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """max_pool2d of (batch, channels, length) or (channels, length)."""
    op = "max_pool1d"
    _check_input(op, input, 1)
    found = max_pool2d(
        input.unsqueeze(-2),
        (1, *sizes_of(op, "kernel_size", kernel_size, 1)),
        None if stride is None else (1, *sizes_of(op, "stride", stride, 1)),
        (0, *sizes_of(op, "padding", padding, 1)),
        (1, *sizes_of(op, "dilation", dilation, 1)),
        ceil_mode,
        return_indices,
    )
    return tuple(part.squeeze(-2) for part in found) if return_indices else found.squeeze(-2)


def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """avg_pool2d of (batch, channels, length) or (channels, length)."""
    op = "avg_pool1d"
    _check_input(op, input, 1)
    return avg_pool2d(
        input.unsqueeze(-2),
        (1, *sizes_of(op, "kernel_size", kernel_size, 1)),
        None if stride is None else (1, *sizes_of(op, "stride", stride, 1)),
        (0, *sizes_of(op, "padding", padding, 1)),
        ceil_mode,
        count_include_pad,
    ).squeeze(-2)


def adaptive_avg_pool1d(input: Tensor, output_size: Outputs) -> Tensor:
    """adaptive_avg_pool2d of (batch, channels, length) or (channels, length)."""
    _check_input("adaptive_avg_pool1d", input, 1)
    size = sizes_of("adaptive_avg_pool1d", "output_size", output_size, 1)
    return adaptive_avg_pool2d(input.unsqueeze(-2), (1, *size)).squeeze(-2)


def adaptive_max_pool1d(input: Tensor, output_size: Outputs, return_indices: bool = False) -> Any:
    """adaptive_max_pool2d of (batch, channels, length) or (channels, length)."""
    _check_input("adaptive_max_pool1d", input, 1)
    size = sizes_of("adaptive_max_pool1d", "output_size", output_size, 1)
    found = adaptive_max_pool2d(input.unsqueeze(-2), (1, *size), return_indices)
    return tuple(part.squeeze(-2) for part in found) if return_indices else found.squeeze(-2)


# ---- A window over a volume is one over planes, and then one over their results along the depth.


def _planes(op: str, input: Tensor) -> Tensor:
    """(images, depth, height, width), where an image is a channel."""
    _check_input(op, input, 3)
    return input.reshape(-1, *input.shape[-3:])


def _lines(planes: Tensor) -> Tensor:
    """Depth as the height of images of width 1, the places of a plane as their channels."""
    return planes.flatten(2).transpose(1, 2).unsqueeze(-1)


def _volume(lines: Tensor, input: Tensor, plane: Sequence[int]) -> Tensor:
    y = lines.squeeze(-1).transpose(1, 2)
    return y.reshape(*input.shape[:-3], y.shape[1], *plane)


def _max_of_volume(op: str, input: Tensor, plane_pool: Callable[..., Any], depth_pool: Callable[..., Any]) -> Any:
    """Values and int64 positions (depth * height + row) * width + column."""
    planes, at = plane_pool(_planes(op, input))
    lines, depth = depth_pool(_lines(planes))
    place = depth.squeeze(-1).transpose(1, 2)  # (images, depth', plane)
    at = place * (input.shape[-2] * input.shape[-1]) + at.flatten(2).gather(1, place)
    plane = planes.shape[-2:]
    return _volume(lines, input, plane), at.reshape(*input.shape[:-3], place.shape[1], *plane)


def max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """max_pool2d of (batch, channels, depth, height, width) or without batch, in two passes.

    return_indices: (values, int64 positions (depth * height + row) * width + column).
    """
    op = "max_pool3d"
    k, p = sizes_of(op, "kernel_size", kernel_size, 3), sizes_of(op, "padding", padding, 3)
    s = k if stride is None else sizes_of(op, "stride", stride, 3)
    d = sizes_of(op, "dilation", dilation, 3)

    def over_plane(x: Tensor, indices: bool = True) -> Any:
        return max_pool2d(x, k[1:], s[1:], p[1:], d[1:], ceil_mode, indices)

    def over_depth(x: Tensor, indices: bool = True) -> Any:
        return max_pool2d(x, (k[0], 1), (s[0], 1), (p[0], 0), (d[0], 1), ceil_mode, indices)

    if return_indices:
        return _max_of_volume(op, input, over_plane, over_depth)
    planes = over_plane(_planes(op, input), False)
    return _volume(over_depth(_lines(planes), False), input, planes.shape[-2:])


def avg_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """avg_pool2d of (batch, channels, depth, height, width) or without batch, in two passes."""
    op = "avg_pool3d"
    k, p = sizes_of(op, "kernel_size", kernel_size, 3), sizes_of(op, "padding", padding, 3)
    s = k if stride is None else sizes_of(op, "stride", stride, 3)
    one = None if divisor_override is None else 1
    planes = avg_pool2d(_planes(op, input), k[1:], s[1:], p[1:], ceil_mode, count_include_pad, one)
    lines = avg_pool2d(_lines(planes), (k[0], 1), (s[0], 1), (p[0], 0), ceil_mode, count_include_pad, divisor_override)
    return _volume(lines, input, planes.shape[-2:])


def adaptive_avg_pool3d(input: Tensor, output_size: Outputs) -> Tensor:
    """adaptive_avg_pool2d of (batch, channels, depth, height, width) or without batch, in two passes."""
    op = "adaptive_avg_pool3d"
    size = sizes_of(op, "output_size", output_size, 3)
    planes = adaptive_avg_pool2d(_planes(op, input), size[1:])
    return _volume(adaptive_avg_pool2d(_lines(planes), (size[0], 1)), input, planes.shape[-2:])


def adaptive_max_pool3d(input: Tensor, output_size: Outputs, return_indices: bool = False) -> Any:
    """adaptive_max_pool2d of (batch, channels, depth, height, width) or without batch, in two passes."""
    op = "adaptive_max_pool3d"
    size = sizes_of(op, "output_size", output_size, 3)
    y, at = _max_of_volume(
        op,
        input,
        lambda x: adaptive_max_pool2d(x, size[1:], True),
        lambda x: adaptive_max_pool2d(x, (size[0], 1), True),
    )
    return (y, at) if return_indices else y


# ---- Norms of windows. As torch's: windows that ceil_mode cuts off count as if they were whole.


def _root(means: Tensor, taps: int, norm_type: float) -> Tensor:
    return (means * taps) ** (1 / norm_type)


def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """(sum of x^norm_type over each window)^(1 / norm_type) of (batch, channels, length) or (channels, length)."""
    (k,) = sizes_of("lp_pool1d", "kernel_size", kernel_size, 1)
    return _root(avg_pool1d(input**norm_type, k, stride, 0, ceil_mode), k, norm_type)


def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """(sum of x^norm_type over each window)^(1 / norm_type) of images."""
    k = sizes_of("lp_pool2d", "kernel_size", kernel_size, 2)
    return _root(avg_pool2d(input**norm_type, k, stride, 0, ceil_mode), k[0] * k[1], norm_type)


def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """(sum of x^norm_type over each window)^(1 / norm_type) of volumes."""
    k = sizes_of("lp_pool3d", "kernel_size", kernel_size, 3)
    return _root(avg_pool3d(input**norm_type, k, stride, 0, ceil_mode), k[0] * k[1] * k[2], norm_type)


# ---- The inverse of max pooling.


def _max_unpool(
    op: str,
    n: int,
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    output_size: Sequence[int] | None,
) -> Tensor:
    _check_input(op, input, n)
    if indices.shape != input.shape:
        raise ValueError(f"{op}: indices must have input's shape {tuple(input.shape)}, got {tuple(indices.shape)}")
    k, p = sizes_of(op, "kernel_size", kernel_size, n), sizes_of(op, "padding", padding, n)
    s = k if stride is None else sizes_of(op, "stride", stride, n)
    usual = [(size - 1) * s[i] + k[i] - 2 * p[i] for i, size in enumerate(input.shape[-n:])]
    size = usual if output_size is None else list(output_size)[-n:]
    if len(size) != n or any(abs(a - b) >= step for a, b, step in zip(size, usual, s, strict=True)):
        raise ValueError(f"{op}: output_size must be less than stride {s} from {usual}, got {output_size}")
    leading = input.shape[:-n]
    places = 1
    for extent in size:
        places *= extent
    empty = core.zeros((*leading, places), dtype=input.dtype, device=input.device)
    return empty.scatter(-1, indices.flatten(-n), input.flatten(-n)).reshape(*leading, *size)


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Each element where max_pool1d found it, 0 elsewhere. indices: what it returned, int64, of input's shape."""
    return _max_unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Each element where max_pool2d found it, 0 elsewhere. indices: what it returned, int64, of input's shape."""
    return _max_unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Each element where max_pool3d found it, 0 elsewhere. indices: what it returned, int64, of input's shape."""
    return _max_unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)
