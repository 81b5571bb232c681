"""Images in other sizes, by filters that span every source pixel when they shrink."""

from __future__ import annotations

import numpy as np


def triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(0, 1 - np.abs(x))


def bicubic(x: np.ndarray) -> np.ndarray:
    """Keys' cubic (1981) with a = -1/2."""
    x = np.abs(x)
    inner, outer = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, inner, np.where(x < 2, outer, 0))


REACH = {triangle: 1, bicubic: 2}  # where a filter falls to 0


def resize(image: np.ndarray, height: int, width: int, kernel=triangle) -> np.ndarray:  # type: ignore[no-untyped-def]
    """image: (rows, cols, ...) of any number type. Returns (height, width, ...) float32; bicubic may overshoot its range.

    An axis that shrinks has the filter widened by as much, so that nothing between the samples is lost.
    """
    tall = _resize_rows(image, height, kernel)
    return _resize_rows(tall.swapaxes(0, 1), width, kernel).swapaxes(0, 1)


def _resize_rows(x: np.ndarray, target: int, kernel) -> np.ndarray:  # type: ignore[no-untyped-def]
    source = x.shape[0]
    if source == target:
        return x.astype(np.float32)
    scale = max(source / target, 1)
    centres = (np.arange(target) + 0.5) * (source / target) - 0.5
    reach = REACH[kernel] * scale
    first = np.clip(np.ceil(centres - reach), 0, source - 1).astype(int)
    last = np.clip(np.floor(centres + reach), 0, source - 1).astype(int)
    rows = np.ascontiguousarray(x).reshape(source, -1)
    out = np.empty((target, rows.shape[1]), np.float32)
    for i, (a, b) in enumerate(zip(first, last + 1, strict=True)):
        weights = kernel((np.arange(a, b) - centres[i]) / scale)
        out[i] = (weights / weights.sum()).astype(np.float32) @ rows[a:b].astype(np.float32)
    return out.reshape(target, *x.shape[1:])
