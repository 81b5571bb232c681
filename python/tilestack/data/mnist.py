"""MNIST and Fashion-MNIST: the sample in the wheel, or the complete sets from their IDX files."""

from __future__ import annotations

import gzip
import lzma
import math
import zlib
from pathlib import Path

import numpy as np

from tilestack.data.labelled_images import LabelledImages

SAMPLE = Path(__file__).with_name("mnist_sample")
DIGITS = tuple("0123456789")
CLOTHES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
# The two sets have the same file names; the first ten training labels tell which is there.
FIRST_LABELS = {"mnist": (5, 0, 4, 1, 9, 2, 1, 3, 1, 4), "fashion-mnist": (9, 0, 0, 3, 0, 2, 7, 2, 5, 5)}


def load_mnist(data: str | Path | None = None) -> LabelledImages:
    """Load MNIST or Fashion-MNIST: images (n, 28, 28), ink is bright.

    data: a folder with the four IDX files (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,
    t10k-labels-idx1-ubyte), packed as .gz or .xz or not. None: the sample in the wheel, 4,000 digits of MNIST's training set
    to train on and 1,000 more of it held back, 100 of each class.
    Raises FileNotFoundError for a missing folder or file and ValueError for a damaged one.
    """
    folder = SAMPLE if data is None else Path(data)
    if not folder.is_dir():
        raise FileNotFoundError(f"load_mnist: no such folder: {folder}")
    train_images, train_labels = _read_part(folder, "train")
    test_images, test_labels = _read_part(folder, "t10k")
    name = "mnist-sample" if data is None else _recognise(train_labels)
    classes = CLOTHES if name == "fashion-mnist" else DIGITS
    return LabelledImages(name, train_images, train_labels, test_images, test_labels, classes)


def read_idx(path: str | Path) -> np.ndarray:
    """Read an IDX file of unsigned bytes, packed by gzip or xz or not."""
    path = Path(path)
    data = _unpacked(path.read_bytes(), path)
    if len(data) < 4 or data[:3] != b"\0\0\x08" or not 1 <= data[3] <= 4:
        raise ValueError(f"{path}: not an IDX file of unsigned bytes (it begins with {data[:4].hex(' ') or 'nothing'})")
    start = 4 + 4 * data[3]
    shape = tuple(int.from_bytes(data[i : i + 4], "big") for i in range(4, start, 4))
    wanted = start + math.prod(shape)
    if len(data) != wanted:
        state = "truncated" if len(data) < wanted else "too long"
        raise ValueError(f"{path}: {state}: shape {shape} needs {wanted:,} bytes, the file has {len(data):,}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _unpacked(data: bytes, path: Path) -> bytes:
    kind = "gzip" if data.startswith(b"\x1f\x8b") else "xz" if data.startswith(b"\xfd7zXZ\0") else None
    try:
        return gzip.decompress(data) if kind == "gzip" else lzma.decompress(data) if kind == "xz" else data
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise ValueError(f"{path}: damaged {kind} file: {error}") from None


def _read_part(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    image_file, label_file = _find(folder, f"{part}-images-idx3-ubyte"), _find(folder, f"{part}-labels-idx1-ubyte")
    images, labels = read_idx(image_file), read_idx(label_file)
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        raise ValueError(f"{image_file}: images must have shape (n, 28, 28), got {images.shape}")
    if labels.shape != images.shape[:1]:
        raise ValueError(f"{label_file}: {len(images)} images need as many labels, got shape {labels.shape}")
    if len(labels) == 0:
        raise ValueError(f"{label_file}: no samples in it")
    if labels.max() > 9:
        raise ValueError(f"{label_file}: labels must be 0 to 9, got {labels.max()}")
    return images, labels


def _find(folder: Path, name: str) -> Path:
    for stem in (name, name.replace("-idx", ".idx")):
        for suffix in ("", ".gz", ".xz"):
            if (folder / (stem + suffix)).is_file():
                return folder / (stem + suffix)
    raise FileNotFoundError(f"load_mnist: {folder} has neither {name} nor {name}.gz")


def _recognise(train_labels: np.ndarray) -> str:
    first = tuple(train_labels[:10].tolist())
    return next((name for name, labels in FIRST_LABELS.items() if labels == first), "digits")
