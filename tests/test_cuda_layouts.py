"""Elementwise kernels and copies on a GPU, for views of many layouts: the same bits as on the CPU."""

from __future__ import annotations

import numpy as np
import pytest

import tilestack as ts
from parity import same_bits

pytestmark = pytest.mark.skipif(not ts.cuda.is_available(), reason=f"no GPU: {ts.cuda.why_not()}")

DTYPES = ("float32", "bfloat16", "float64", "int8")


def numbers(shape: tuple[int, ...], dtype: str, seed: int = 0) -> ts.Tensor:
    """Small integers, so that every dtype holds them and their sums."""
    values = np.random.default_rng(seed).integers(-20, 20, shape)
    return ts.tensor(values.astype(np.float64)).to(getattr(ts, dtype))


def check(function, *inputs: ts.Tensor) -> None:
    """`function` gets the inputs on each device and makes its views of them there."""
    want = function(*inputs)
    got = function(*(x.to("cuda") for x in inputs))
    assert got.shape == want.shape
    assert same_bits(got.to(ts.float64).to("cpu").numpy(), want.to(ts.float64).numpy())


# Shapes of two operands.
BROADCASTS = [
    ((64, 48), (48,)),  # rows, as vectors
    ((33, 37), (37,)),  # rows that begin anywhere
    ((7, 5, 3), (3,)),  # rows shorter than a vector
    ((4, 8, 6, 6), (8, 1, 1)),  # channels, as one value for each vector
    ((4, 8, 5, 5), (8, 1, 1)),  # channels whose borders lie within vectors
    ((6, 1, 40), (9, 1)),  # both
    ((2, 3, 2, 3, 2, 3), (3, 1, 3, 1, 3)),
    ((1000,), ()),
    ((1,), (1, 1)),
    ((0, 4), (4,)),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("a", "b"), BROADCASTS)
def test_broadcasts(a: tuple[int, ...], b: tuple[int, ...], dtype: str) -> None:
    check(lambda x, y: x + y, numbers(a, dtype), numbers(b, dtype, 1))
    check(lambda x, y: y - x, numbers(a, dtype), numbers(b, dtype, 1))
    check(lambda x, y: ts.where(x > y, x, y), numbers(a, dtype), numbers(b, dtype, 1))


VIEWS = {
    "offset": lambda x: x[1:],
    "aligned rows": lambda x: x[:, 16:48],
    "odd rows": lambda x: x[:, 1:40],
    "every other": lambda x: x[:, ::2],
    "every third row": lambda x: x[::3],
    "column": lambda x: x[:, 5],
    "transposed": lambda x: x.permute(1, 0),
    "part, transposed": lambda x: x[3:, 2:50].permute(1, 0),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("view", VIEWS)
def test_views(view: str, dtype: str) -> None:
    see = VIEWS[view]
    check(lambda x: see(x) + see(x), numbers((40, 64), dtype))
    check(lambda x: see(x).contiguous() + see(x), numbers((40, 64), dtype))
    check(lambda x: see(x).contiguous(), numbers((40, 64), dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("view", VIEWS)
def test_in_place(view: str, dtype: str) -> None:
    def add_into(x: ts.Tensor, y: ts.Tensor) -> ts.Tensor:
        x = x.clone()
        VIEWS[view](x).add_(VIEWS[view](y))
        VIEWS[view](x).copy_(VIEWS[view](y) + VIEWS[view](x))
        return x

    check(add_into, numbers((40, 64), dtype), numbers((40, 64), dtype, 1))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("to", ["float32", "bfloat16", "float64", "int64", "uint8", "bool"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_conversions(dtype: str, to: str, view: str) -> None:
    see = VIEWS[view]
    x = numbers((40, 64), dtype)
    check(lambda x: see(x).to(getattr(ts, to)), x)

    def into(x: ts.Tensor) -> ts.Tensor:
        y = ts.zeros(40, 64, dtype=getattr(ts, to), device=x.device)
        see(y).copy_(see(x))
        return y

    check(into, x)


# Sizes of x and the order of dimensions in which it is read: long and short sides, tiles cut off, dimensions beside.
TRANSPOSITIONS = [
    ((64, 64), (1, 0)),
    ((100, 70), (1, 0)),
    ((3, 1500), (1, 0)),
    ((1500, 3), (1, 0)),
    ((2, 700), (1, 0)),
    ((2, 9, 17, 19), (0, 2, 3, 1)),
    ((2, 17, 19, 9), (0, 3, 1, 2)),
    ((3, 40, 2, 50), (3, 0, 1, 2)),
    ((3, 40, 2, 50), (2, 3, 0, 1)),
    ((3, 40, 2, 50), (0, 3, 2, 1)),
    ((5, 7, 40, 33), (1, 0, 3, 2)),
    ((5, 7, 40, 1, 33), (4, 0, 3, 1, 2)),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "order"), TRANSPOSITIONS)
def test_transpositions(shape: tuple[int, ...], order: tuple[int, ...], dtype: str) -> None:
    x = numbers(shape, dtype)
    check(lambda x: x.permute(order).contiguous(), x)
    check(lambda x: x[..., 1:].permute(order).contiguous(), x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_operands_in_another_order(dtype: str) -> None:
    x, y = numbers((260, 300), dtype), numbers((300, 260), dtype, 1)
    check(lambda x, y: x + y.permute(1, 0), x, y)
    check(lambda x, y: ts.where(x > 0, y.permute(1, 0), x), x, y)
    check(lambda x, y: x.clone()[:, 1:].add_(y.permute(1, 0)[:, 1:]), x, y)
