"""How a list of samples becomes a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import tilestack as ts
from tilestack._core import Tensor


def default_collate(samples: list[Any]) -> Any:
    """A batch of samples: tensors, arrays and numbers are stacked; tuples, lists and dicts of them field by field.

    Python floats become float32, integers int64; strings and other objects stay a list.
    """
    first = samples[0]
    if isinstance(first, Tensor):
        return ts.stack(samples)
    if isinstance(first, np.ndarray | np.generic):
        return ts.from_numpy(np.stack(samples))
    if isinstance(first, bool | int | float):
        return ts.tensor(samples)
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple | list):
        if len({len(sample) for sample in samples}) != 1:
            raise ValueError(f"default_collate: samples differ in length: {sorted({len(s) for s in samples})}")
        fields = [default_collate(list(field)) for field in zip(*samples, strict=True)]
        if hasattr(first, "_fields"):
            return type(first)(*fields)
        return tuple(fields) if isinstance(first, tuple) else fields
    return samples


def map_tensors(function: Callable[[Tensor], Tensor], value: Any) -> Any:
    """function of each tensor in a batch: a tensor, or tuples, lists and dicts of them. All else stays."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, Mapping):
        return {key: map_tensors(function, item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        items = [map_tensors(function, item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value
