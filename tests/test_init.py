"""Initial values: distribution, bounds, and what layers start with."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tilestack as ts
from tilestack import nn
from tilestack.nn import init

SHAPE = (96, 64, 3, 3)
FAN_IN, FAN_OUT = 64 * 9, 96 * 9


@pytest.fixture(autouse=True)
def _seed() -> None:
    ts.manual_seed(0)


@pytest.mark.parametrize(
    ("fill", "std"),
    [
        (init.xavier_uniform_, math.sqrt(2 / (FAN_IN + FAN_OUT))),
        (init.xavier_normal_, math.sqrt(2 / (FAN_IN + FAN_OUT))),
        (lambda x: init.xavier_normal_(x, gain=2), 2 * math.sqrt(2 / (FAN_IN + FAN_OUT))),
        (lambda x: init.kaiming_uniform_(x, nonlinearity="relu"), math.sqrt(2 / FAN_IN)),
        (lambda x: init.kaiming_normal_(x, mode="fan_out", nonlinearity="relu"), math.sqrt(2 / FAN_OUT)),
        (lambda x: init.kaiming_normal_(x, a=0.5), math.sqrt(2 / 1.25 / FAN_IN)),
        (init.lecun_uniform_, math.sqrt(1 / FAN_IN)),
        (init.lecun_normal_, math.sqrt(1 / FAN_IN)),
        (lambda x: init.normal_(x, std=0.02), 0.02),
        (lambda x: init.uniform_(x, -1, 1), math.sqrt(1 / 3)),
    ],
)
def test_variance(fill, std: float) -> None:
    x = nn.Parameter(ts.empty(SHAPE))
    assert fill(x) is x
    values = x.detach().numpy()
    assert values.std() == pytest.approx(std, rel=0.02)
    assert abs(values.mean()) < 0.02 * std
    assert x.requires_grad
    assert x.is_leaf


def test_uniform_stays_within_its_bound() -> None:
    values = init.kaiming_uniform_(ts.empty(200, 100), a=math.sqrt(5)).numpy()
    assert np.abs(values).max() <= 0.1
    assert np.abs(values).max() > 0.099


def test_constants() -> None:
    assert init.constant_(ts.empty(3), 2.5).tolist() == [2.5] * 3
    assert init.zeros_(ts.empty(2)).tolist() == [0, 0]
    assert init.ones_(ts.empty(2, dtype=ts.float64)).tolist() == [1, 1]
    np.testing.assert_array_equal(init.eye_(ts.empty(2, 3)).numpy(), np.eye(2, 3))


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (4, 2, 3, 3), (1, 7)])
def test_orthogonal(shape) -> None:
    x = init.orthogonal_(ts.empty(shape), gain=2).numpy().reshape(shape[0], -1) / 2
    product = x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-5)


@pytest.mark.parametrize(("low", "high"), [(-2, 2), (0, 1), (-1, 6), (8, 9), (-40, -38)])
def test_trunc_normal(low: float, high: float) -> None:
    x = init.trunc_normal_(ts.empty(100_000, dtype=ts.float64), mean=1, std=0.5, a=low, b=high).numpy()
    assert low <= x.min() < x.max() <= high
    points = np.linspace(low, high, 400_001)
    density = np.exp(
        -(((points - 1) / 0.5) ** 2) / 2
        + min(((low - 1) / 0.5) ** 2, ((high - 1) / 0.5) ** 2) / 2 * (low > 1 or high < 1)
    )
    density /= density.sum()
    mean = (points * density).sum()
    std = math.sqrt(((points - mean) ** 2 * density).sum())
    assert x.mean() == pytest.approx(mean, abs=0.02 * std)
    assert x.std() == pytest.approx(std, rel=0.02)


def test_gain() -> None:
    assert init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("tanh") == 5 / 3
    assert init.calculate_gain("leaky_relu", 1) == 1
    assert init._calculate_fan_in_and_fan_out(ts.empty(SHAPE)) == (FAN_IN, FAN_OUT)
    with pytest.raises(ValueError, match="nonlinearity must be one of"):
        init.calculate_gain("swish")
    with pytest.raises(ValueError, match="2 or more dimensions, got shape"):
        init.xavier_normal_(ts.empty(3))
    with pytest.raises(ValueError, match="mode must be"):
        init.kaiming_normal_(ts.empty(3, 3), mode="fan")


def test_layer_defaults() -> None:
    linear, conv, table = nn.Linear(400, 300), nn.Conv2d(16, 64, 5), nn.Embedding(500, 100)
    for layer, fan_in in ((linear, 400), (conv, 400)):
        for values in (layer.weight.detach().numpy(), layer.bias.detach().numpy()):
            assert np.abs(values).max() <= 1 / math.sqrt(fan_in)
            assert values.std() == pytest.approx(1 / math.sqrt(3 * fan_in), rel=0.2)
    assert table.weight.detach().numpy().std() == pytest.approx(1, rel=0.02)


def test_seed() -> None:
    ts.manual_seed(7)
    first = nn.Linear(3, 3).weight.detach().numpy().copy()
    second = nn.Linear(3, 3).weight.detach().numpy().copy()
    ts.manual_seed(7)
    np.testing.assert_array_equal(nn.Linear(3, 3).weight.detach().numpy(), first)
    assert not np.array_equal(first, second)


def test_skip_init_leaves_parameters_alone() -> None:
    layer = nn.utils.skip_init(nn.Linear, 4, 3)
    assert (layer.weight.shape, layer.bias.shape) == ((3, 4), (3,))
    with init.skipped():
        filled = nn.Parameter(ts.ones(3, 4))
        for fill in (init.normal_, init.xavier_uniform_, init.zeros_, init.orthogonal_, init.trunc_normal_):
            assert fill(filled) is filled
        assert (filled.detach().numpy() == 1).all()
    init.zeros_(filled)
    assert (filled.detach().numpy() == 0).all()
