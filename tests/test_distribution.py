"""What ts.diagnose says of a tensor's values, against numpy with more digits."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tilestack as ts
from tilestack.diagnose.distribution import distribution


@pytest.mark.parametrize(
    "values",
    [
        np.linspace(-1, 1, 9, dtype=np.float32) * np.float32(3e38),
        np.linspace(1, 9, 9, dtype=np.float32) * np.float32(1e-44),
        np.linspace(-1, 1, 9) * 1e308,
        np.array([1, np.nextafter(1.0, 2)]),
        np.array([5.0], np.float32),
        np.zeros((2, 3), np.float32),
        np.array([3.0, np.nan, -np.inf, 1.0], np.float32),
        np.random.default_rng(0).normal(size=(70, 999)).astype(np.float32),
    ],
)
def test_distributions_of_any_size(values: np.ndarray) -> None:
    found = distribution(ts.from_numpy(values))
    finite = values[np.isfinite(values)].astype(np.longdouble)
    assert found.not_finite == values.size - finite.size
    scale = float(np.abs(finite).max())
    assert found.mean == pytest.approx(float(finite.mean()), rel=1e-6, abs=1e-6 * scale)
    assert found.std == pytest.approx(float(finite.std()), rel=1e-5, abs=1e-6 * scale)
    assert found.norm == pytest.approx(float(np.sqrt((finite**2).sum())), rel=1e-6)
    assert (found.low, found.high) == (finite.min(), finite.max())
    assert found.zeros == pytest.approx((finite == 0).mean())
    assert found.quantiles[2] == pytest.approx(float(np.median(finite)), rel=1e-6, abs=0.02 * scale)
    assert sum(found.histogram) == min(finite.size, 8192)
    assert found.rms == pytest.approx(found.norm / math.sqrt(finite.size))


@pytest.mark.parametrize("values", [np.zeros((0, 3), np.float32), np.array([np.nan, np.inf], np.float32)])
def test_distributions_of_nothing(values: np.ndarray) -> None:
    found = distribution(ts.from_numpy(values))
    assert (found.norm, found.std, found.rms, sum(found.histogram)) == (0, 0, 0, 0)
    assert found.not_finite == values.size
