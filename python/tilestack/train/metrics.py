"""Metrics: functions of a batch's output and target that return the batch's mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tilestack._core import Tensor

Metric = Callable[[Any, Any], Any]


def accuracy(output: Tensor, target: Tensor) -> float:
    """The part of samples whose largest output is the target's. output: (batch, classes, ...); target: (batch, ...)."""
    if output.dim() != target.dim() + 1 or target.dtype.is_floating_point:
        raise ValueError(
            f"accuracy: wanted output (batch, classes, ...) and integer target (batch, ...), got "
            f"{tuple(output.shape)} and {tuple(target.shape)} {target.dtype}"
        )
    hits = (output.detach().argmax(1) == target).sum().item()
    return hits / max(1, target.numel())


NAMED: dict[str, Metric] = {"accuracy": accuracy}


def named_metrics(metrics: Mapping[str, Metric] | Iterable[str | Metric]) -> dict[str, Metric]:
    """Metrics by name; given as a mapping, or as known names and functions."""
    if isinstance(metrics, Mapping):
        return dict(metrics)
    found: dict[str, Metric] = {}
    for metric in metrics:
        if isinstance(metric, str):
            if metric not in NAMED:
                raise ValueError(f"metrics: no metric {metric!r}; there is {', '.join(NAMED)}, or give a function")
            found[metric] = NAMED[metric]
        else:
            found[getattr(metric, "__name__", type(metric).__name__)] = metric
    return found


class Meter:
    """Means over batches, each batch weighted by its size."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.samples = 0
        self.batches = 0

    def add(self, size: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value * size
        self.samples += size
        self.batches += 1

    def means(self) -> dict[str, float]:
        return {name: value / max(1, self.samples) for name, value in self.sums.items()}

    def state_dict(self) -> dict[str, Any]:
        return {"sums": self.sums, "samples": self.samples, "batches": self.batches}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.sums, self.samples, self.batches = dict(state["sums"]), state["samples"], state["batches"]
