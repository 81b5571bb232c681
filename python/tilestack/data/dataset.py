"""Data sets: anything with __len__ and __getitem__."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

import tilestack as ts
from tilestack._core import Tensor
from tilestack.data.collate import default_collate


class Dataset:
    """Samples by number. A subclass defines __getitem__ and __len__.

    It may also define `get_batch(indices)`, indices an int64 array, to return a finished batch at once, where that is
    faster than one sample at a time.
    """

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has no __len__")

    def __add__(self, other: Dataset) -> ConcatDataset:
        return ConcatDataset([self, other])


def _wrap(dataset: Any, index: int) -> int:
    size = len(dataset)
    if not -size <= index < size:
        raise IndexError(f"{type(dataset).__name__}: index {index} is out of range for {size} samples")
    return index % size


class TensorDataset(Dataset):
    """Sample i is a tuple of the i-th rows of tensors or numpy arrays, which all have the same length."""

    def __init__(self, *tensors: Any) -> None:
        if not tensors:
            raise ValueError("TensorDataset: wanted at least one tensor")
        self.tensors = tuple(ts.as_tensor(tensor) for tensor in tensors)
        sizes = [tuple(tensor.shape) for tensor in self.tensors]
        if not all(sizes) or len({size[0] for size in sizes}) != 1:
            raise ValueError(f"TensorDataset: tensors must agree in the first dimension, got shapes {sizes}")

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])

    def get_batch(self, indices: np.ndarray) -> tuple[Tensor, ...]:
        first = int(indices[0]) if len(indices) else 0
        if np.array_equal(indices, np.arange(first, first + len(indices))):
            return tuple(tensor[first : first + len(indices)] for tensor in self.tensors)
        rows = ts.from_numpy(indices)
        return tuple(tensor[rows] for tensor in self.tensors)


class Subset(Dataset):
    """The samples of `dataset` at `indices`."""

    def __init__(self, dataset: Any, indices: Sequence[int] | np.ndarray) -> None:
        self.dataset = dataset
        self.indices = indices
        self._numbers = np.asarray(indices, dtype=np.int64)

    def __getitem__(self, index: int) -> Any:
        return self.dataset[int(self._numbers[_wrap(self, index)])]

    def __len__(self) -> int:
        return len(self._numbers)

    def get_batch(self, indices: np.ndarray) -> Any:
        numbers = self._numbers[indices]
        if hasattr(self.dataset, "get_batch"):
            return self.dataset.get_batch(numbers)
        return default_collate([self.dataset[i] for i in numbers.tolist()])


class ConcatDataset(Dataset):
    """Several data sets, one after the other."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __getitem__(self, index: int) -> Any:
        index = _wrap(self, index)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1] if self.cumulative_sizes else 0


def random_split(
    dataset: Any, lengths: Sequence[float], generator: Any = None, *, seed: int | None = None
) -> list[Subset]:
    """Split into parts that do not overlap. lengths: numbers of samples, or fractions that add up to 1.

    seed: None draws one from generator, a ts.Generator, or from that of `ts.manual_seed`.
    """
    from tilestack.data.sampler import draw_seed, permutation

    size, total = len(dataset), math.fsum(lengths)
    if any(length < 0 for length in lengths):
        raise ValueError(f"random_split: lengths must not be negative, got {list(lengths)}")
    if math.isclose(total, 1) and total != size:
        sizes = [math.floor(size * length) for length in lengths]
        for i in range(size - sum(sizes)):
            sizes[i % len(sizes)] += 1
    elif total == size:
        sizes = [int(length) for length in lengths]
    else:
        raise ValueError(f"random_split: lengths must add up to {size} samples or to 1, got {list(lengths)}")
    order = permutation(size, draw_seed(generator) if seed is None else seed, 0)
    ends = list(itertools.accumulate(sizes))
    return [Subset(dataset, order[end - length : end]) for length, end in zip(sizes, ends, strict=True)]
