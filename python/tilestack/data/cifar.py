"""CIFAR-10 (Krizhevsky, 2009): 32x32 photos of ten classes, from the files in which it is found."""

from __future__ import annotations

import io
import itertools
import pickle
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tilestack.data.labelled_images import LabelledImages

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TRAIN = tuple(f"data_batch_{i}" for i in range(1, 6))
TEST = "test_batch"
SIDE = 32
ROW = 1 + 3 * SIDE * SIDE  # bytes of a label and its photo, red, green and blue, in the binary version
HELD_BACK = 10  # of so many photos of a class one is held back, where a file has none for testing

Batch = tuple[np.ndarray, np.ndarray]  # (n, 32, 32, 3) uint8 and (n,) uint8


def load_cifar(data: str | Path) -> LabelledImages:
    """Load CIFAR-10.

    data: the published archive, or the folder that comes out of it, of the Python or the binary version (data_batch_1 to 5
    and test_batch, with .bin or without); or an .npz of JPEGs (jpg: all files in one; offsets: where each begins, and the
    end; labels), which needs pillow, and of which every tenth photo of a class is held back.
    Raises FileNotFoundError for missing files and ValueError, with path and reason, for damaged ones.
    """
    path = Path(data)
    if not path.exists():
        raise FileNotFoundError(f"load_cifar: no such file or folder: {path}")
    if path.suffix == ".npz":
        return _split(*_read_jpegs(path))
    files = _files_of(path)
    batches = [_read_batch(files, name, path) for name in (*TRAIN, TEST)]
    images, labels = (np.concatenate(parts) for parts in zip(*batches[:-1], strict=True))
    return LabelledImages("cifar-10", images, labels, *batches[-1], CLASSES)


def _files_of(path: Path) -> Mapping[str, bytes]:
    """The batches, by name, of a folder, of the one folder in it, or of an archive."""
    if path.is_dir():
        inside = sorted(path.glob("**/data_batch_1*"))
        folder = inside[0].parent if inside else path
        return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if _is_batch(file.name)}
    try:
        with tarfile.open(path) as archive:
            members = [member for member in archive if member.isfile() and _is_batch(Path(member.name).name)]
            return {Path(member.name).name: archive.extractfile(member).read() for member in members}  # type: ignore[union-attr]
    except (tarfile.TarError, EOFError, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(":")
        raise ValueError(f"{path}: neither an archive of CIFAR-10 nor an .npz: {reason}") from None


def _is_batch(name: str) -> bool:
    return name.removesuffix(".bin") in (*TRAIN, TEST)


def _read_batch(files: Mapping[str, bytes], name: str, path: Path) -> Batch:
    if f"{name}.bin" in files:
        data, labels = _of_binary(files[f"{name}.bin"], f"{path}: {name}.bin")
    elif name in files:
        data, labels = _of_pickle(files[name], f"{path}: {name}")
    else:
        raise FileNotFoundError(f"load_cifar: {path} has neither {name} nor {name}.bin")
    if len(labels) == 0 or labels.max() >= len(CLASSES):
        raise ValueError(f"{path}: {name}: wanted labels from 0 to 9, got {labels.max(initial=0)}, of {len(labels)}")
    return np.ascontiguousarray(data.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)), labels


def _of_binary(content: bytes, name: str) -> Batch:
    if len(content) % ROW:
        raise ValueError(f"{name}: truncated: {len(content):,} bytes are no multiple of {ROW:,}")
    rows = np.frombuffer(content, np.uint8).reshape(-1, ROW)
    return rows[:, 1:], rows[:, 0]


def _of_pickle(content: bytes, name: str) -> Batch:
    try:
        batch = _Arrays(io.BytesIO(content), encoding="bytes").load()
        data, labels = batch[b"data"], np.array(batch[b"labels"], np.uint8)
    except (pickle.UnpicklingError, EOFError, KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{name}: not a batch of CIFAR-10, or damaged: {error}") from None
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape != (len(labels), ROW - 1):
        raise ValueError(
            f"{name}: wanted {len(labels)} rows of {ROW - 1} bytes, got {getattr(data, 'shape', type(data))}"
        )
    return data, labels


class _Arrays(pickle.Unpickler):
    """Reads plain objects and numpy arrays; anything else in a pickle could run code, and is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if name == "_reconstruct" and module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            return np.zeros(0).__reduce__()[0]
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        if (module, name) == ("_codecs", "encode"):  # how Python 3 writes bytes for Python 2
            return lambda text, _: text.encode("latin1")
        raise pickle.UnpicklingError(f"it holds a {module}.{name}")


def _read_jpegs(path: Path) -> Batch:
    from tilestack.vision import to_rgb
    from tilestack.vision.images import decode_image

    try:
        with open(path, "rb") as opened, np.load(opened) as file:
            content, offsets, labels = file["jpg"].tobytes(), file["offsets"].astype(np.int64), file["labels"]
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: wanted an .npz with jpg, offsets and labels: {error}") from None
    if len(offsets) != len(labels) + 1 or len(labels) == 0 or labels.max() >= len(CLASSES):
        raise ValueError(
            f"{path}: {len(labels)} labels, up to {labels.max(initial=0)}, do not fit {len(offsets)} offsets"
        )
    images = np.empty((len(labels), SIDE, SIDE, 3), np.uint8)
    for i, (start, stop) in enumerate(itertools.pairwise(offsets)):
        try:
            image = to_rgb(decode_image(content[start:stop]))
        except ValueError as error:
            raise ValueError(f"{path}: picture {i}: {error}") from None
        if image.shape != images.shape[1:]:
            raise ValueError(f"{path}: picture {i}: wanted {SIDE}x{SIDE} pixels, got {image.shape[1]}x{image.shape[0]}")
        images[i] = image
    return images, labels.astype(np.uint8)


def _split(images: np.ndarray, labels: np.ndarray) -> LabelledImages:
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        held[np.flatnonzero(labels == label)[HELD_BACK - 1 :: HELD_BACK]] = True
    return LabelledImages("cifar-10", images[~held], labels[~held], images[held], labels[held], CLASSES)
