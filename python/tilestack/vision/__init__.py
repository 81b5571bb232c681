"""Pictures: reading, writing, augmenting, making digits of them, and preparing photos for nets."""

from .augment import random_affine
from .dataset import ImageDataset
from .digits import prepare_digit
from .imagenet import imagenet_classes
from .images import read_image, to_gray, to_rgb
from .photos import as_batch, centre_crop, square
from .png import read_png, write_png

__all__ = [
    "ImageDataset",
    "as_batch",
    "centre_crop",
    "imagenet_classes",
    "prepare_digit",
    "random_affine",
    "read_image",
    "read_png",
    "square",
    "to_gray",
    "to_rgb",
    "write_png",
]
