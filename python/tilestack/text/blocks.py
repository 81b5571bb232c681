"""A long text as a data set."""

from __future__ import annotations

import numpy as np

import tilestack as ts
from tilestack._core import Tensor
from tilestack.data import Dataset


class Blocks(Dataset):
    """Sample i: `block` tokens from token i * stride on, and the tokens that follow each of them; both (block) int64.

    ids: (tokens) integers.
    """

    def __init__(self, ids: np.ndarray, block: int, stride: int = 1) -> None:
        if block < 1 or stride < 1:
            raise ValueError(f"Blocks: block and stride must be at least 1, got {block} and {stride}")
        if len(ids) <= block:
            raise ValueError(f"Blocks: {len(ids):,} tokens are too few for a block of {block} and the token after it")
        self.ids = np.asarray(ids, np.int64)
        self.block = block
        self.stride = stride

    def __len__(self) -> int:
        return (len(self.ids) - self.block - 1) // self.stride + 1

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        tokens, following = self.get_batch(np.array([range(len(self))[index]]))
        return tokens[0], following[0]

    def get_batch(self, indices: np.ndarray) -> tuple[Tensor, Tensor]:
        places = indices[:, None] * self.stride + np.arange(self.block + 1)
        rows = self.ids[places]
        return ts.from_numpy(rows[:, :-1].copy()), ts.from_numpy(rows[:, 1:].copy())
