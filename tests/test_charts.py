"""Axes of charts."""

from __future__ import annotations

import itertools
import math

import pytest

from tilestack.diagnose.charts import histogram, log_ticks, power_of_ten


@pytest.mark.parametrize("decades", [0.1, 1, 2, 3, 7, 9, 15, 44, 45, 83, 300])
def test_ticks_of_a_log_axis_are_few_and_apart(decades: float) -> None:
    low = 3e-5 if decades < 300 else 1e-200
    high = low * 10**decades
    ticks = log_ticks(low, high)
    assert ticks[0] <= low * 1.001
    assert ticks[-1] >= high * 0.999
    assert 2 <= len(ticks) <= 9
    steps = [math.log10(b / a) for a, b in itertools.pairwise(ticks)]
    assert min(steps) > max(steps) / 3


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1"), (1000.0, "1000"), (0.01, "0.01"), (1e-44, "1e-44"), (2.5e6, "2.5e6"), (0.0, "0")]
)
def test_power_of_ten(value: float, text: str) -> None:
    assert power_of_ten(value) == text


def test_histogram() -> None:
    svg = histogram([0, 2, 4], 1)
    assert svg.count("<rect") == 2
    assert 'height="22.0"' in svg
    assert 'height="11.0"' in svg
    assert "<rect" not in histogram([0, 0], 0)
