"""Data as fit and evaluate take it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tilestack._core import Tensor
from tilestack.data import DataLoader, TensorDataset
from tilestack.data.collate import map_tensors
from tilestack.nn import Module


def as_loader(
    data: Any, batch_size: int, shuffle: bool, seed: int | None = None, num_workers: int = 0
) -> Iterable[Any]:
    """A loader as it is; a tuple of arrays or a data set, in a loader; else an iterable of batches as it is."""
    if isinstance(data, DataLoader):
        return data
    if isinstance(data, tuple):
        data = TensorDataset(*data)
    if hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        if len(data) == 0:
            raise ValueError("fit: the data set is empty")
        return DataLoader(data, batch_size, shuffle, seed=seed, num_workers=num_workers)
    if not hasattr(data, "__iter__"):
        raise TypeError(f"fit: data must be a DataLoader, a data set or a tuple of arrays, got {type(data).__name__}")
    return data  # type: ignore[no-any-return]


def split_batch(batch: Any) -> tuple[tuple[Any, ...], Any]:
    """A batch is (input, ..., target)."""
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:
        raise TypeError(f"fit: a batch must be (input, ..., target), got {_describe(batch)}")
    return tuple(batch[:-1]), batch[-1]


def _describe(batch: Any) -> str:
    if isinstance(batch, Tensor):
        return f"a tensor of shape {tuple(batch.shape)}"
    return f"{type(batch).__name__} of {len(batch)}" if hasattr(batch, "__len__") else type(batch).__name__


def size_of(target: Any) -> int:
    """Samples in a batch."""
    if isinstance(target, Tensor):
        return int(target.shape[0]) if target.dim() else 1
    return len(target)


def move(value: Any, device: Any) -> Any:
    """Tensors, also those in tuples, lists and dicts, on the model's device."""
    if device is None:
        return value
    return map_tensors(lambda x: x if x.device == device else x.to(device, non_blocking=True), value)


def device_of(model: Module) -> Any:
    return next((parameter.device for parameter in model.parameters()), None)
