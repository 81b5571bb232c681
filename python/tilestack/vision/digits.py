"""Turns any picture of one digit into what a net trained on MNIST knows."""

from __future__ import annotations

import numpy as np

from .resampling import resize


def prepare_digit(gray: np.ndarray, fit: int = 20) -> np.ndarray:
    """Make a 28 x 28 image as MNIST's were made: bright ink on black, fitted into a box, centred by mass.

    gray: (height, width) in 0..255; dark ink on a light ground is inverted. A 28 x 28 image on black is taken as it is.
    fit: side of the box, 20 for digits; the clothes of Fashion-MNIST fill all 28.
    Returns (28, 28) uint8. Raises ValueError for an image with no ink in it.
    """
    x = np.asarray(gray, np.float32)
    edge = np.concatenate([x[0], x[-1], x[:, 0], x[:, -1]])
    ground = float(np.median(edge))
    if x.shape == (28, 28) and ground == 0:
        return np.clip(np.rint(x), 0, 255).astype(np.uint8)
    ink = ground - x if ground > (x.min() + x.max()) / 2 else x - ground
    peak = float(ink.max(initial=0))
    if peak < 16:
        raise ValueError(
            f"no digit in the image: its brightness spans only {float(x.min()):.0f} to {float(x.max()):.0f}"
        )
    ink = np.clip(ink / peak, 0, 1)
    ink[ink < 0.2] = 0  # paper and compression noise
    box = ink[np.ix_(_span(ink.any(1)), _span(ink.any(0)))]
    scale = fit / max(box.shape)
    small = resize(box, max(1, round(box.shape[0] * scale)), max(1, round(box.shape[1] * scale)))
    return np.rint(255 * _centred(small / max(float(small.max()), 0.5), 28)).astype(np.uint8)


def _span(used: np.ndarray) -> np.ndarray:
    where = np.flatnonzero(used)
    return np.arange(where[0], where[-1] + 1)


def _centred(x: np.ndarray, size: int) -> np.ndarray:
    mass = float(x.sum())
    row = round(size / 2 - float(np.arange(x.shape[0]) @ x.sum(1)) / mass)
    col = round(size / 2 - float(np.arange(x.shape[1]) @ x.sum(0)) / mass)
    row, col = (min(max(at, 0), size - n) for at, n in zip((row, col), x.shape, strict=True))
    out = np.zeros((size, size), np.float32)
    out[row : row + x.shape[0], col : col + x.shape[1]] = np.clip(x, 0, 1)
    return out
