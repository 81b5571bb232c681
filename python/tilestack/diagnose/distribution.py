"""A tensor's values in a few numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tilestack._core import Tensor

from .watching import on_host

QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)
BINS = 21
CHUNK = 1 << 16  # values that are added up in their own precision
SAMPLE = 1 << 13  # values that quantiles and histogram are taken from


@dataclass(frozen=True)
class Distribution:
    """Of the finite values of a tensor; 0 where there are none.

    norm: the root of the sum of squares. quantiles: at QUANTILES. histogram: counts in BINS equal steps from the first
    quantile to the last, of a sample, what is beyond in the outer ones. not_finite: how many NaN and infinities there are.
    """

    shape: tuple[int, ...]
    mean: float
    std: float
    norm: float
    low: float
    high: float
    zeros: float
    quantiles: tuple[float, ...]
    histogram: tuple[int, ...]
    not_finite: int

    @property
    def rms(self) -> float:
        size = int(np.prod(self.shape)) - self.not_finite
        return float(self.norm / np.sqrt(size)) if size else 0.0


def distribution(x: Tensor) -> Distribution:
    values = on_host(x).ravel()
    finite = values if np.isfinite(values).all() else values[np.isfinite(values)]
    shape, lost = tuple(x.shape), values.size - finite.size
    if not finite.size:
        zeros = (0.0,) * len(QUANTILES)
        return Distribution(shape, 0, 0, 0, 0, 0, 0, zeros, (0,) * BINS, lost)
    scale, scaled = _scaled(finite)
    sample = scaled if scaled.size <= SAMPLE else scaled[np.linspace(0, scaled.size - 1, SAMPLE).astype(np.int64)]
    sample = sample.astype(np.float64)
    quantiles = np.quantile(sample, QUANTILES)
    low, high = quantiles[0], quantiles[-1]
    edges = (low, high) if high - low > 1e-9 else (low - 1, high + 1)
    return Distribution(
        shape,
        *_sums(scale, scaled),
        float(finite.min()),
        float(finite.max()),
        1 - float(np.count_nonzero(finite)) / finite.size,
        tuple((scale * quantiles).tolist()),
        tuple(np.histogram(sample.clip(*edges), BINS, edges)[0].tolist()),
        lost,
    )


def sums(values: np.ndarray) -> tuple[float, float, float]:
    """Mean, standard deviation and norm, the root of the sum of squares, of numbers of any size."""
    return _sums(*_scaled(values))


def _sums(scale: float, scaled: np.ndarray) -> tuple[float, float, float]:
    if not scaled.size:
        return 0.0, 0.0, 0.0
    return scale * float(scaled.mean(dtype=np.float64)), scale * float(scaled.std()), scale * _norm(scaled)


def norm(values: np.ndarray) -> float:
    """The root of the sum of squares, of numbers of any size."""
    scale, scaled = _scaled(values)
    return scale * _norm(scaled)


def _norm(scaled: np.ndarray) -> float:
    parts = np.split(scaled, range(CHUNK, scaled.size, CHUNK))
    return math.sqrt(sum(float(part @ part) for part in parts))


def _scaled(values: np.ndarray) -> tuple[float, np.ndarray]:
    """The largest number, and all divided by it, whose squares neither overflow nor vanish."""
    flat = values.ravel()
    largest = max(float(flat.max()), -float(flat.min())) if flat.size else 0.0
    return (largest, flat / flat.dtype.type(largest)) if 0 < largest < np.inf else (largest, np.sign(flat))
