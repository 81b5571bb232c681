"""Pictures: reading, writing, and making digits of them."""

from .images import read_image, to_gray
from .png import read_png, write_png

__all__ = ["read_image", "read_png", "to_gray", "write_png"]
