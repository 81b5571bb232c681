"""Random changes to training images."""

from __future__ import annotations

import math

import numpy as np

from .images import BT601
from .photos import resize_photo


def random_affine(
    images: np.ndarray, rng: np.random.Generator, degrees: float = 10, shift: float = 2, scale: float = 0.1
) -> np.ndarray:
    """Turn, move and stretch each image about its centre, with bilinear resampling; outside it is 0.

    images: (n, height, width). degrees, shift (in pixels) and scale (a share of the size, for each axis by itself) are
    the largest changes, drawn uniformly. Returns float32 of the same shape.
    """
    n, height, width = images.shape
    angle = np.radians(rng.uniform(-degrees, degrees, n))
    stretch = 1 + rng.uniform(-scale, scale, (2, n))
    move = rng.uniform(-shift, shift, (2, n))
    y, x = np.mgrid[:height, :width].astype(np.float32).reshape(2, -1)
    y, x = y - (height - 1) / 2, x - (width - 1) / 2
    cos, sin = np.cos(angle), np.sin(angle)
    rows = (cos / stretch[0])[:, None] * y - (sin / stretch[0])[:, None] * x + (move[0] + (height - 1) / 2)[:, None]
    cols = (sin / stretch[1])[:, None] * y + (cos / stretch[1])[:, None] * x + (move[1] + (width - 1) / 2)[:, None]
    return _bilinear(images, rows.astype(np.float32), cols.astype(np.float32)).reshape(images.shape)


def random_shift_and_mirror(images: np.ndarray, rng: np.random.Generator, shift: int = 4) -> np.ndarray:
    """Move each image by up to `shift` pixels along each axis, its edge mirrored into the gap, and mirror half of them.

    images: (n, height, width, channels). Returns the same shape and dtype.
    """
    n, height, width = images.shape[:3]
    padded = np.pad(images, ((0, 0), (shift, shift), (shift, shift), (0, 0)), mode="reflect")
    top, left = rng.integers(0, 2 * shift + 1, (2, n, 1))
    rows, cols = top + np.arange(height), left + np.arange(width)
    cols = np.where(rng.random((n, 1)) < 0.5, cols[:, ::-1], cols)
    return padded[np.arange(n)[:, None, None], rows[:, :, None], cols[:, None, :]]


def random_view(photo: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """A random part of a photo, mirrored half of the time, in other colours.

    photo: (height, width, 3) uint8. Returns (size, size, 3) uint8.
    """
    view = random_crop(photo, size, rng)
    return random_colours(view[:, ::-1] if rng.random() < 0.5 else view, rng)


def random_crop(
    photo: np.ndarray,
    size: int,
    rng: np.random.Generator,
    share: tuple[float, float] = (0.35, 1.0),
    stretch: float = 4 / 3,
) -> np.ndarray:
    """A part of a photo as a square of `size` (Szegedy et al., 2015).

    share: least and largest part of the area; stretch: largest ratio of its sides, before it is made a square.
    """
    height, width = photo.shape[:2]
    area = height * width * rng.uniform(*share)
    ratio = math.exp(rng.uniform(-1, 1) * math.log(stretch))
    rows = min(height, max(1, round(math.sqrt(area / ratio))))
    cols = min(width, max(1, round(math.sqrt(area * ratio))))
    top, left = rng.integers(height - rows + 1), rng.integers(width - cols + 1)
    return resize_photo(photo[top : top + rows, left : left + cols], size, size)


def random_colours(
    photo: np.ndarray,
    rng: np.random.Generator,
    brightness: float = 0.25,
    contrast: float = 0.25,
    saturation: float = 0.25,
) -> np.ndarray:
    """A photo (height, width, 3) uint8 whose brightness, contrast and saturation change by up to these shares."""
    bright, contrasted, saturated = 1 + rng.uniform(-1, 1, 3) * (brightness, contrast, saturation)
    colours = photo.astype(np.float32)
    gray = (colours @ BT601)[..., None]
    mean = float(gray.mean())
    colours = bright * (mean + contrasted * (gray + saturated * (colours - gray) - mean))
    return np.rint(np.clip(colours, 0, 255)).astype(np.uint8)


def _bilinear(images: np.ndarray, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """images at fractional positions, (n, points). A border of two zeros makes everything outside 0."""
    n, height, width = images.shape
    padded = np.zeros((n, height + 4, width + 4), np.float32)
    padded[:, 2:-2, 2:-2] = images
    rows, cols = np.clip(rows + 2, 0, height + 2), np.clip(cols + 2, 0, width + 2)
    top, left = rows.astype(np.intp), cols.astype(np.intp)
    down, right = rows - top.astype(np.float32), cols - left.astype(np.float32)
    corner = (np.arange(n)[:, None] * (height + 4) + top) * (width + 4) + left
    flat = padded.ravel()
    upper = flat[corner] * (1 - right) + flat[corner + 1] * right
    corner += width + 4
    lower = flat[corner] * (1 - right) + flat[corner + 1] * right
    return upper * (1 - down) + lower * down
