"""Photos as nets for ImageNet take them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np

import tilestack as ts

from .images import read_image, to_rgb
from .resampling import bicubic, resize

CROP_PADDING = 32  # pixels that the shorter side has beyond the crop
MEAN, STD = 127, 128  # of the inputs of EfficientNet-Lite, for all channels
ENOUGH = 3  # times the size that is wanted, at which a JPEG decoded smaller gives the same pixels but for rounding


def read_photo(path: str | os.PathLike[str], size: int) -> np.ndarray:
    """A photo for a net that takes `size` pixels: (height, width, 3) uint8, decoded no larger than is of use.

    Errors as of `read_image`.
    """
    return to_rgb(read_image(path, least=ENOUGH * (size + CROP_PADDING)))


def centre_crop(image: np.ndarray, size: int) -> np.ndarray:
    """The middle of a photo, as EfficientNet is evaluated: shorter side to size + 32 pixels, of that a square of `size`.

    image: (height, width, 3) uint8. Returns (size, size, 3) uint8, resampled bicubically.
    """
    height, width = resized_shape(image, size + CROP_PADDING)
    top, left = round((height - size) / 2), round((width - size) / 2)
    return resize_photo(image, height, width)[top : top + size, left : left + size]


def square(image: np.ndarray, size: int) -> np.ndarray:
    """The middle of an image of `read_image`, all of its shorter side, as (size, size, 3) uint8."""
    photo = to_rgb(image)
    side = min(photo.shape[:2])
    top, left = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
    return resize_photo(photo[top : top + side, left : left + side], size, size)


def resized_shape(image: np.ndarray, shorter: int) -> tuple[int, int]:
    """Height and width with the shorter side as given and the proportions kept."""
    height, width = image.shape[:2]
    return (shorter, shorter * width // height) if height < width else (shorter * height // width, shorter)


def resize_photo(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bicubically, by pillow, which is faster, if it is installed; (height, width, 3) uint8."""
    if find_spec("PIL") is not None:
        from PIL import Image

        return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))
    return np.rint(np.clip(resize(image, height, width, bicubic), 0, 255)).astype(np.uint8)


def as_batch(images: Sequence[np.ndarray]) -> ts.Tensor:
    """Photos of one size, (size, size, 3) uint8, as the float32 (n, 3, size, size) that EfficientNet-Lite takes."""
    pixels = np.stack(images).astype(np.float32).transpose(0, 3, 1, 2)
    return ts.from_numpy(np.ascontiguousarray((pixels - MEAN) / STD))
