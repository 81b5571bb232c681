"""Pools and batch norm of contiguous images run on their planes: the same results as on channels-last ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tilestack as ts
from tilestack import nn
from tilestack.nn import functional as F

each_isa = pytest.mark.parametrize("isa", ts._core.isas(), indirect=True)

SHAPES = [(2, 3, 9, 19), (1, 2, 33, 37), (3, 5, 16, 70), (1, 3, 230, 211)]
WINDOWS = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 3, "stride": 2, "ceil_mode": True},
    {"kernel_size": 3, "stride": 1, "padding": 1},
    {"kernel_size": (3, 2), "stride": (1, 2), "padding": 1},
    {"kernel_size": (2, 5), "stride": (3, 1), "padding": (0, 2), "ceil_mode": True},
    {"kernel_size": (1, 2), "stride": (2, 2)},
    {"kernel_size": (5, 4), "stride": (2, 3), "padding": (2, 1)},
]


def in_both_layouts(x: np.ndarray) -> list[ts.Tensor]:
    """Equal leaves, contiguous and channels-last."""
    inside = ts.from_numpy(np.ascontiguousarray(x.transpose(0, 2, 3, 1))).permute(0, 3, 1, 2)
    return [tensor.requires_grad_() for tensor in (ts.from_numpy(x), inside)]


def check_same(
    f: Callable[[ts.Tensor], ts.Tensor], x: np.ndarray, compare: Callable[[np.ndarray, np.ndarray], None]
) -> None:
    """f of both layouts, and the gradient of a weighted sum of it; each lies in memory as x does."""
    planes, inside = in_both_layouts(x)
    y, want = f(planes), f(inside)
    assert y.is_contiguous()
    assert want.is_channels_last()
    compare(y.detach().numpy(), want.detach().numpy())
    dy = np.random.default_rng(1).standard_normal(y.shape).astype(np.float32)
    for result in (y, want):
        result.backward(ts.from_numpy(dy))
    assert planes.grad.is_contiguous()
    compare(planes.grad.numpy(), inside.grad.numpy())


def same_bits(a: np.ndarray, b: np.ndarray) -> None:
    np.testing.assert_array_equal(a.view(np.int32), b.view(np.int32))


def close(a: np.ndarray, b: np.ndarray) -> None:
    np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5)


@each_isa
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("options", WINDOWS)
def test_pools_of_planes(isa: str, shape: tuple[int, ...], options: dict) -> None:
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    check_same(lambda x: F.max_pool2d(x, **options), x, same_bits)
    check_same(lambda x: F.avg_pool2d(x, **options), x, close)


@each_isa
@pytest.mark.parametrize("options", [*WINDOWS, {"kernel_size": 2, "dilation": 2, "stride": 2, "padding": 1}])
def test_max_pool_of_planes_picks_the_same_of_equals_and_nans(isa: str, options: dict) -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (2, 3, 19, 41)).astype(np.float32)
    x[0, 1, rng.random((19, 41)) < 0.1] = np.nan
    x[1, 2] = -np.inf
    pools = [F.max_pool2d(tensor, **options, return_indices=True) for tensor in in_both_layouts(x)]
    for ours, want in zip(*pools, strict=True):
        np.testing.assert_array_equal(ours.detach().numpy(), want.detach().numpy())
    values = np.where(np.isnan(x), 1, x)
    check_same(lambda x: F.max_pool2d(x, **options), np.maximum(values, -9), same_bits)


@each_isa
@pytest.mark.parametrize("size", [1, 7, (2, 7), (14, 28)])
def test_adaptive_average_of_planes(isa: str, size: int | tuple[int, int]) -> None:
    x = np.random.default_rng(0).standard_normal((3, 5, 28, 28)).astype(np.float32)
    check_same(lambda x: F.adaptive_avg_pool2d(x, size), x, close)


@pytest.mark.parametrize("pool", [nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(3, 2, 1), nn.AvgPool2d((30, 40))])
def test_pools_of_planes_without_a_batch(pool: nn.Module) -> None:
    x = ts.randn(4, 30, 40)
    assert (pool(x) == pool(x[None])[0]).all()


@each_isa
@pytest.mark.parametrize("shape", [(3, 5, 4, 4), (35, 3, 7, 9), (2, 3, 60, 71)])
@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_of_planes(isa: str, shape: tuple[int, ...], training: bool) -> None:
    x = 3 + np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    norm = nn.BatchNorm2d(shape[1]).train(training)
    norm.weight.detach()[:] = ts.randn(shape[1])
    check_same(norm, x, close)


@pytest.mark.parametrize("shape", [(23, 3, 10, 10), (8, 3, 40, 40), (2, 3, 60, 50)])
def test_batch_norm_of_planes_does_not_cancel(shape: tuple[int, ...]) -> None:
    x = (10_000 + np.random.default_rng(0).standard_normal(shape)).astype(np.float32)
    axes = (0, 2, 3)
    want = (x - x.mean(axes, np.float64, keepdims=True)) / x.std(axes, np.float64, keepdims=True)
    np.testing.assert_allclose(
        F.batch_norm(ts.from_numpy(x), None, None, training=True, eps=0.0).numpy(), want, atol=2e-3
    )
