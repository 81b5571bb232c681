"""Sums of a tensor's values in a few numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilestack._core import Tensor

from .watching import on_host

QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)
BINS = 21
SAMPLE = 1 << 13  # values that quantiles and histogram are taken from


@dataclass(frozen=True)
class Distribution:
    """Of the finite values of a tensor; 0 where there are none.

    norm: the root of the sum of squares. quantiles: at QUANTILES. histogram: counts in BINS equal steps from the first
    quantile to the last, of a sample. not_finite: how many NaN and infinities there are.
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
    sample = finite[:: -(-finite.size // SAMPLE)].astype(np.float64)
    quantiles = np.quantile(sample, QUANTILES)
    edges = (quantiles[0], quantiles[-1]) if quantiles[0] < quantiles[-1] else (quantiles[0] - 1, quantiles[0] + 1)
    return Distribution(
        shape,
        float(finite.mean(dtype=np.float64)),
        float(finite.std(dtype=np.float64)),
        norm(finite),
        float(finite.min()),
        float(finite.max()),
        float((finite == 0).mean()),
        tuple(quantiles.tolist()),
        tuple(np.histogram(sample, BINS, edges)[0].tolist()),
        lost,
    )


def norm(values: np.ndarray) -> float:
    """The root of the sum of squares, of numbers of any size."""
    largest = float(np.abs(values).max(initial=0))
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(values.ravel().astype(np.float64) / largest))
