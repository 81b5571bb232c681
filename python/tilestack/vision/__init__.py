"""Pictures: reading, writing, augmenting, and making digits of them."""

from .augment import random_affine
from .dataset import ImageDataset
from .digits import prepare_digit
from .images import read_image, to_gray
from .png import read_png, write_png

__all__ = ["ImageDataset", "prepare_digit", "random_affine", "read_image", "read_png", "to_gray", "write_png"]
