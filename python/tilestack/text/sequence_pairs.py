"""Pairs of sequences as a data set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import tilestack as ts
from tilestack._core import Tensor
from tilestack.data import Dataset


class SequencePairs(Dataset):
    """Sample i: (source, target so far, target), int64 ids. The target so far begins with bos; the target, a token later,
    ends with eos. A batch is filled up with pad to its own longest.
    """

    def __init__(
        self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], pad: int, bos: int, eos: int
    ) -> None:
        if len(sources) != len(targets):
            raise ValueError(f"SequencePairs: {len(sources)} sources and {len(targets)} targets are no pairs")
        self.sources = _table(sources, pad)
        self.targets = _table([[bos, *target, eos] for target in targets], pad)
        self.pad = pad

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        return tuple(x[0] for x in self.get_batch(np.array([range(len(self))[index]])))

    def get_batch(self, indices: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        source, target = (_cut(table[indices], self.pad) for table in (self.sources, self.targets))
        parts = (source, target[:, :-1], target[:, 1:])
        return tuple(ts.from_numpy(np.ascontiguousarray(part)) for part in parts)  # type: ignore[return-value]


def _table(rows: Sequence[Sequence[int]], pad: int) -> np.ndarray:
    table = np.full((len(rows), max(map(len, rows), default=0)), pad, np.int64)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return table


def _cut(rows: np.ndarray, pad: int) -> np.ndarray:
    """Without the last columns that are all pad."""
    used = np.flatnonzero((rows != pad).any(0))
    return rows[:, : used[-1] + 1] if len(used) else rows[:, :1]
