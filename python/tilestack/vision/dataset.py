"""Labelled images as a data set."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np

import tilestack as ts
from tilestack.data import Dataset

Augment = Callable[[np.ndarray, np.random.Generator], np.ndarray]


class ImageDataset(Dataset):
    """Images with labels; a batch is ((n, channels, height, width) float32, (n) int64).

    images: (count, height, width) uint8, gray, or (count, height, width, 3), colours; scaled to 0..1 and then normalised: (x - mean) / std. augment(images, rng)
    changes a batch; its random numbers depend only on `seed` and on which samples the batch has, so that neither
    threads nor a resumed run change them.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        mean: float = 0.0,
        std: float = 1.0,
        augment: Augment | None = None,
        seed: int = 0,
    ) -> None:
        if images.ndim not in (3, 4) or labels.shape != images.shape[:1]:
            raise ValueError(
                f"ImageDataset: wanted images (count, height, width) or (count, height, width, 3) and as many labels, got shapes {images.shape} and "
                f"{labels.shape}"
            )
        self.images, self.labels = images, labels.astype(np.int64)
        self.mean, self.std, self.augment, self.seed = mean, std, augment, seed

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[ts.Tensor, ts.Tensor]:
        x, y = self.get_batch(np.array([index]))
        return x[0], y[0]

    def get_batch(self, indices: np.ndarray) -> tuple[ts.Tensor, ts.Tensor]:
        images = self.images[indices]
        if self.augment is not None:
            images = self.augment(images, batch_rng(self.seed, indices))
        return ts.from_numpy(normalised(images, self.mean, self.std)), ts.from_numpy(self.labels[indices])


def batch_rng(seed: int, indices: np.ndarray) -> np.random.Generator:
    """Random numbers that depend only on the seed and on which samples a batch has."""
    key = [seed & (2**64 - 1), zlib.crc32(indices.astype("<i8").tobytes())]
    return np.random.Generator(np.random.Philox(key=np.array(key, np.uint64)))


def normalised(images: np.ndarray, mean: float, std: float) -> np.ndarray:
    """(n, height, width) or (n, height, width, channels) in 0..255 as the float32 (n, channels, height, width) of a net."""
    scale, offset = np.float32(1 / (255 * std)), np.float32(mean / std)
    x = images.astype(np.float32) * scale - offset
    return x[:, None] if x.ndim == 3 else np.ascontiguousarray(x.transpose(0, 3, 1, 2))
