"""Images from files, in memory as (height, width, channels) uint8."""

from __future__ import annotations

import io
import math
import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from .png import SIGNATURE, read_png

BT601 = np.array([0.299, 0.587, 0.114], np.float32)  # brightness of red, green and blue


def read_image(path: str | os.PathLike[str], least: int | None = None) -> np.ndarray:
    """Read a picture: any format that pillow knows, if it is installed, otherwise PNG. Photos are turned upright (EXIF).

    least: a JPEG may be decoded in a half, quarter or eighth of its size, which takes less time, as long as no side
    gets shorter than this.
    Returns (height, width, channels) uint8 with 1 (gray), 2 (gray, alpha), 3 (RGB) or 4 (RGB, alpha) channels.
    Raises FileNotFoundError, or ValueError, with path and reason, for what is no picture.
    """
    try:
        return decode_image(Path(path).read_bytes(), least)
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from None


def decode_image(data: bytes, least: int | None = None) -> np.ndarray:
    """`read_image` of a file's content."""
    if find_spec("PIL") is not None:
        return _read_with_pillow(data, least)
    if data.startswith(SIGNATURE):
        return read_png(data)
    raise ValueError("not a PNG file (other picture formats need pillow: pip install tilestack[vision])")


def to_gray(image: np.ndarray, background: float = 255) -> np.ndarray:
    """Brightness (ITU-R BT.601) of an image of `read_image`, (height, width) float32 in 0..255; transparent parts show
    `background`."""
    x = image.astype(np.float32)
    channels = x.shape[2]
    gray: np.ndarray = x[:, :, 0] if channels < 3 else x[:, :, :3] @ BT601
    if channels in (2, 4):
        alpha = x[:, :, -1] / 255
        gray = gray * alpha + background * (1 - alpha)
    return gray


def to_rgb(image: np.ndarray, background: float = 255) -> np.ndarray:
    """An image of `read_image` as (height, width, 3) uint8; transparent parts show `background`."""
    channels = image.shape[2]
    colours = image[:, :, :3] if channels > 2 else image[:, :, :1]
    if channels in (2, 4):
        alpha = image[:, :, -1:] / np.float32(255)
        colours = np.rint(colours * alpha + background * (1 - alpha)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(colours, (*image.shape[:2], 3)))


def _read_with_pillow(data: bytes, least: int | None) -> np.ndarray:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as picture:
            if least is not None:
                picture.draft(None, _draft_size(picture.width, picture.height, least))
            ImageOps.exif_transpose(picture, in_place=True)
            if picture.mode in ("1", "I", "I;16", "F"):
                picture = _eight_bit(picture)
            elif picture.mode not in ("L", "LA", "RGB", "RGBA"):
                picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
            return np.atleast_3d(np.asarray(picture, np.uint8))
    except UnidentifiedImageError:
        raise ValueError("not a picture in a format that pillow knows") from None
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"damaged picture: {error}") from None


def _draft_size(width: int, height: int, least: int) -> tuple[int, int]:
    """The smallest size that may be decoded."""
    scale = least / min(width, height)
    return (math.ceil(width * scale), math.ceil(height * scale)) if scale < 1 else (width, height)


def _eight_bit(picture):  # type: ignore[no-untyped-def]
    from PIL import Image

    if picture.mode == "1":
        return picture.convert("L")
    values = np.asarray(picture)
    shift = values / 256 if values.max(initial=0) > 255 else values  # 16-bit gray
    return Image.fromarray(np.clip(shift, 0, 255).astype(np.uint8))
