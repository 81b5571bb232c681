"""Images read at places that are computed (Jaderberg et al., 2015)."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence

import tilestack as ts
from tilestack._core import Tensor


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The places that an affine map sends the pixels of a result to, for grid_sample.

    theta: (batch, 2, 3) or (batch, 3, 4) float. size: (batch, channels, height, width) or (batch, channels, depth,
    height, width) of the result. Returns (batch, height, width, 2) or (batch, depth, height, width, 3): x, y(, z) from
    -1 to 1, which are the centres of the outermost pixels with align_corners, else their edges.
    """
    n = len(size) - 2
    if n not in (2, 3) or tuple(theta.shape) != (size[0], n, n + 1):
        raise ValueError(
            f"affine_grid: size {tuple(size)} needs theta of shape ({size[0] if size else 'batch'}, {n}, {n + 1}), "
            f"got {tuple(theta.shape)}"
        )
    lines = []
    for extent in size[2:]:
        line = (2 * ts.arange(extent, dtype=theta.dtype, device=theta.device) + 1) / extent - 1
        if align_corners:
            line = ts.linspace(-1, 1, extent, dtype=theta.dtype, device=theta.device) if extent > 1 else line * 0
        lines.append(line)
    axes = ts.meshgrid(*lines, indexing="ij")[::-1]
    base = ts.stack([*axes, ts.ones_like(axes[0])], -1).reshape(1, -1, n + 1)
    return (base @ theta.transpose(1, 2)).reshape(size[0], *size[2:], n)


def _reflected(x: Tensor, low: float, high: float) -> Tensor:
    """x mirrored at low and high until it lies between them."""
    span = high - low
    if span <= 0:
        return x * 0
    x = ts.abs(x - low)
    turns = ts.floor(x.detach() / span)
    rest = x - turns * span
    return ts.where(ts.remainder(turns, 2) == 0, rest + low, high - rest)


def _place(x: Tensor, size: int, padding_mode: str, align_corners: bool) -> Tensor:
    """Places outside of the image moved inside, if padding_mode is not zeros."""
    if padding_mode == "reflection":
        x = _reflected(x, 0, size - 1) if align_corners else _reflected(x, -0.5, size - 0.5)
    return x if padding_mode == "zeros" else ts.clamp(x, 0, size - 1)


def _cubic(t: Tensor) -> list[Tensor]:
    """Weights of the neighbours -1, 0, 1, 2 of a place t after the 0-th (Keys, 1981)."""
    a = -0.75
    near = [((a + 2) * d - (a + 3)) * d * d + 1 for d in (t, 1 - t)]
    far = [((a * d - 5 * a) * d + 8 * a) * d - 4 * a for d in (t + 1, 2 - t)]
    return [far[0], *near, far[1]]


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """The input at the places of a grid.

    input: (batch, channels, height, width) or (batch, channels, depth, height, width) float. grid: (batch, *result, 2)
    or (batch, *result, 3): x, y(, z) from -1 to 1, which are the centres of the outermost pixels with align_corners,
    else their edges. mode: bilinear (of volumes trilinear), nearest, bicubic (images only). padding_mode: what lies
    outside: zeros, border, reflection. Returns (batch, channels, *result).
    """
    n = input.dim() - 2
    if n not in (2, 3) or grid.dim() != n + 2 or grid.shape[-1] != n or grid.shape[0] != input.shape[0]:
        raise ValueError(
            "grid_sample: wanted input (batch, channels, height, width) and grid (batch, height', width', 2), or input "
            "(batch, channels, depth, height, width) and grid (batch, depth', height', width', 3), "
            f"got {tuple(input.shape)} and {tuple(grid.shape)}"
        )
    if mode not in ("bilinear", "nearest", "bicubic") or (mode == "bicubic" and n == 3):
        raise ValueError(
            f"grid_sample: mode must be bilinear, nearest or, for images, bicubic, got {mode!r} for {n + 2} dimensions"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(f"grid_sample: padding_mode must be zeros, border or reflection, got {padding_mode!r}")
    sizes = input.shape[2:]
    if 0 in sizes:
        raise ValueError(f"grid_sample: the input's image must not be empty, got shape {tuple(input.shape)}")
    aligned = bool(align_corners)
    wide = ts.float64 if input.dtype == ts.float64 else ts.float32
    axes = []  # of each dimension: (index, weight or None) of the neighbours that count
    for axis, size in enumerate(sizes):
        at = grid[..., n - 1 - axis].to(wide).flatten(1)
        at = (at + 1) / 2 * (size - 1) if aligned else ((at + 1) * size - 1) / 2
        if mode == "bicubic":
            low = ts.floor(at.detach())
            places = [_place(low + k, size, padding_mode, aligned) for k in (-1, 0, 1, 2)]
            axes.append(list(zip(places, _cubic(at - low), strict=True)))
            continue
        at = _place(at, size, padding_mode, aligned)
        if mode == "nearest":
            axes.append([(ts.round(at.detach()), ts.ones_like(at.detach()))])
        else:
            low = ts.floor(at.detach())
            axes.append([(low, 1 - (at - low)), (low + 1, at - low)])
    pixels = input.flatten(2)
    parts = []
    for corner in itertools.product(*axes):
        places = [place for place, _ in corner]
        indices = [ts.clamp(place, 0, size - 1).to(ts.int64) for place, size in zip(places, sizes, strict=True)]
        index = indices[0]
        for size, further in zip(sizes[1:], indices[1:], strict=True):
            index = index * size + further
        weight = corner[0][1]
        for _, factor in corner[1:]:
            weight = weight * factor
        for place, size in zip(places, sizes, strict=True):
            weight = ts.where((place >= 0) & (place <= size - 1), weight, 0.0)
        values = pixels.gather(2, index.unsqueeze(1).expand(-1, input.shape[1], -1))
        parts.append(values.to(wide) * weight.unsqueeze(1))
    total = functools.reduce(ts.add, parts)
    return total.to(input.dtype).reshape(*input.shape[:2], *grid.shape[1:-1])
