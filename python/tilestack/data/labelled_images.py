"""What the readers of data sets of pictures return."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LabelledImages:
    """images: (n, height, width) uint8, gray, or (n, height, width, 3), colours. labels: (n,) uint8, an index into classes."""

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    classes: tuple[str, ...]
