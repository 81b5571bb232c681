"""Samplers: the order of the samples of an epoch. It depends on the seed and the number of the epoch only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def permutation(size: int, seed: int, epoch: int) -> np.ndarray:
    """(size) int64: a random order of 0 ... size - 1, the same on every machine and with every version of numpy."""
    return np.argsort(_bits(size, seed, epoch), kind="stable")


def _bits(size: int, seed: int, epoch: int) -> np.ndarray:
    words = [seed & (2**64 - 1), epoch & (2**64 - 1)]
    return np.random.Philox(key=np.array(words, dtype=np.uint64)).random_raw(size)


def draw_seed(generator: Any = None) -> int:
    """A seed from a ts.Generator, or from that of `ts.manual_seed`."""
    import tilestack as ts

    return int(ts.randint(0, 2**31 - 1, (1,), generator=generator).item())


class Sampler:
    """A subclass defines `order(epoch)`, the numbers of an epoch's samples, and __len__."""

    def order(self, epoch: int) -> np.ndarray:
        raise NotImplementedError(f"{type(self).__name__} has no order()")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has no __len__")


class SequentialSampler(Sampler):
    """0, 1, 2, ..."""

    def __init__(self, data_source: Any) -> None:
        self.size = len(data_source)

    def order(self, epoch: int) -> np.ndarray:
        return np.arange(self.size)

    def __len__(self) -> int:
        return self.size


class RandomSampler(Sampler):
    """Another random order every epoch."""

    def __init__(self, data_source: Any, seed: int) -> None:
        self.size = len(data_source)
        self.seed = seed

    def order(self, epoch: int) -> np.ndarray:
        return permutation(self.size, self.seed, epoch)

    def __len__(self) -> int:
        return self.size


class WeightedRandomSampler(Sampler):
    """num_samples draws with replacement, each in proportion to its weight."""

    def __init__(self, weights: Sequence[float] | np.ndarray, num_samples: int, seed: int) -> None:
        self.cumulative = np.cumsum(np.asarray(weights, dtype=np.float64))
        if not len(self.cumulative) or np.min(weights) < 0 or not 0 < self.cumulative[-1] < np.inf:
            raise ValueError("WeightedRandomSampler: weights must be finite, not negative and not all zero")
        self.num_samples = num_samples
        self.seed = seed

    def order(self, epoch: int) -> np.ndarray:
        chance = (_bits(self.num_samples, self.seed, epoch) >> np.uint64(11)) * 2.0**-53
        return np.searchsorted(self.cumulative, chance * self.cumulative[-1], side="right")

    def __len__(self) -> int:
        return self.num_samples
