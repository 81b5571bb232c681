"""A user's photos as a data set: a folder for each class."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import tilestack as ts
from tilestack.data import Dataset

from .augment import random_view
from .dataset import batch_rng
from .photos import as_batch, centre_crop, read_photo
from .tagging import find_photos, has_photos

PARTS = {"train", "training", "val", "valid", "validation", "test", "testing"}  # into which data sets are split


@dataclass(frozen=True)
class Photos:
    """labels: (n) int64, an index into classes for each path."""

    classes: tuple[str, ...]
    paths: list[str]
    labels: np.ndarray

    def only(self, chosen: np.ndarray) -> Photos:
        """Those for which `chosen`, (n) bool, is true. Raises ValueError for a class of which less than two are left."""
        counts = np.bincount(self.labels[chosen], minlength=len(self.classes))
        for name, count, before in zip(self.classes, counts, np.bincount(self.labels), strict=True):
            if count < 2:
                raise ValueError(
                    f"class {name}: {count} of {before} photos can be read, wanted at least two: one to train on and "
                    "one to hold back"
                )
        return Photos(self.classes, [self.paths[i] for i in np.flatnonzero(chosen)], self.labels[chosen])


def find_classes(folder: str | os.PathLike[str]) -> Photos:
    """The photos in `folder`, whose folders are the classes; in each, photos may lie in folders again.

    Hidden folders and those without photos are no classes. Raises FileNotFoundError, or ValueError if there are not two
    classes.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: {'a file, not a folder' if root.exists() else 'no such folder'}")
    inside = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    found = {path.name: find_photos([path]) for path in inside if has_photos(path)}
    if found and found.keys() <= PARTS:
        raise ValueError(
            f"{root}: its folders, {', '.join(found)}, are parts of a data set, not classes: name one of them"
        )
    if len(found) < 2:
        raise ValueError(
            f"{root}: {_what_is_there(root, list(found))}; wanted at least two folders, one for each class"
        )
    labels = np.repeat(np.arange(len(found)), [len(paths) for paths in found.values()])
    return Photos(tuple(found), [path for paths in found.values() for path in paths], labels)


def _what_is_there(root: Path, classes: list[str]) -> str:
    if classes:
        return f"only one class, {classes[0]}"
    return "photos, but in no folders" if has_photos(root) else "no photos in this folder"


def hold_back(labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Which of the samples to hold back, (n) bool: of each class `share` of them, at least one, and never all."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        own = rng.permutation(np.flatnonzero(labels == label))
        held[own[: min(max(1, round(share * len(own))), len(own) - 1)]] = True
    return held


class PhotoDataset(Dataset):
    """Photos from their files, read anew each time; a batch is ((n, 3, size, size) float32, (n) int64).

    augment: random views, whose random numbers depend only on `seed` and on which samples a batch has; otherwise the
    middle of each photo. Errors as of `read_image`.
    """

    def __init__(
        self, paths: Sequence[str], labels: np.ndarray, size: int, augment: bool = False, seed: int = 0
    ) -> None:
        self.paths, self.labels = paths, labels.astype(np.int64)
        self.size, self.augment, self.seed = size, augment, seed

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[ts.Tensor, ts.Tensor]:
        x, y = self.get_batch(np.array([index]))
        return x[0], y[0]

    def get_batch(self, indices: np.ndarray) -> tuple[ts.Tensor, ts.Tensor]:
        photos = [read_photo(self.paths[i], self.size) for i in indices]
        if self.augment:
            rng = batch_rng(self.seed, indices)
            views = [random_view(photo, self.size, rng) for photo in photos]
        else:
            views = [centre_crop(photo, self.size) for photo in photos]
        return as_batch(views), ts.from_numpy(self.labels[indices])
