"""Rows of different length as one tensor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import tilestack as ts
from tilestack._core import Tensor


def padded(rows: Sequence[Sequence[int]], left: bool, fill: int = 0) -> tuple[Tensor, Tensor]:
    """Ids (rows, longest) int64, filled up before or after each row, and a mask that is 1 for the row and 0 for the rest."""
    longest = max(map(len, rows), default=0)
    ids = np.full((len(rows), longest), fill, np.int64)
    mask = np.zeros((len(rows), longest), np.int64)
    for i, row in enumerate(rows):
        place = slice(longest - len(row), longest) if left else slice(len(row))
        ids[i, place], mask[i, place] = row, 1
    return ts.from_numpy(ids), ts.from_numpy(mask)
