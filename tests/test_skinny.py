"""Products of a few rows with a large matrix, which is read once in the order of its memory."""

from __future__ import annotations

import numpy as np
import pytest

import harness
import tilestack as ts

each_backend = pytest.mark.parametrize("backend", harness.BACKENDS, indirect=True)
TOLERANCES = {"float32": 1e-5, "float64": 1e-13, "bfloat16": 1e-2, "float16": 2e-3}
# (depth, columns): short and long lines, rests of vectors and of four lines, several jobs along either.
SIZES = [(17, 300), (258, 5), (1001, 700), (300, 9001), (67, 256)]


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape)


@each_backend
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_both_orders_and_the_transposed_result(backend: str, dtype: str, rows: int, size: tuple[int, int]) -> None:
    depth, cols = size
    a = harness.to_tensor(draw(rows, depth) / depth**0.5, dtype)
    b = harness.to_tensor(draw(depth, cols), dtype)
    turned = harness.to_tensor(harness.to_array(b).T.copy(), dtype)
    want = harness.to_array(a).astype(np.float64) @ harness.to_array(b).astype(np.float64)
    close = {"rtol": TOLERANCES[dtype], "atol": TOLERANCES[dtype]}
    np.testing.assert_allclose(harness.to_array(a @ b), want, **close)
    np.testing.assert_allclose(harness.to_array(a @ turned.T), want, **close)
    np.testing.assert_allclose(harness.to_array(turned @ a.T), want.T, **close)
    np.testing.assert_allclose(harness.to_array(b.T @ a.T), want.T, **close)


@each_backend
def test_epilogue_of_several_jobs(backend: str) -> None:
    x, weight, bias, residual = (
        harness.to_tensor(draw(*shape), "float32") for shape in ((3, 2051), (770, 2051), (770,), (3, 770))
    )
    for w in (weight, harness.to_tensor(harness.to_array(weight).T.copy(), "float32").T):
        y = ts.nn.functional.fused_linear(x / 45, w, bias, "relu", residual)
        product = harness.to_array(x / 45).astype(np.float64) @ harness.to_array(weight).T + harness.to_array(bias)
        np.testing.assert_allclose(harness.to_array(y), np.maximum(product, 0) + harness.to_array(residual), 1e-5, 1e-5)


@each_backend
def test_infinite_elements_stay_in_their_column(backend: str) -> None:
    for depth in (257, 258, 259, 260):
        b = draw(depth, 600)
        b[depth - 1, 7], b[0, 8], b[3, 9] = np.inf, -np.inf, np.nan
        a = np.abs(draw(2, depth)) + 0.1
        y = harness.to_array(harness.to_tensor(a, "float32") @ harness.to_tensor(b, "float32"))
        assert (y[:, 7] == np.inf).all()
        assert (y[:, 8] == -np.inf).all()
        assert np.isnan(y[:, 9]).all()
        assert np.isfinite(np.delete(y, [7, 8, 9], 1)).all()


def test_threads_do_not_change_a_bit() -> None:
    a, b = ts.randn(2, 3000), ts.randn(3000, 1700)
    before = ts.get_num_threads()
    results = []
    for threads in (1, 2, 5):
        ts.set_num_threads(threads)
        results.append((a @ b).numpy().tobytes())
    ts.set_num_threads(before)
    assert len(set(results)) == 1


@pytest.mark.parametrize("isa", ts._core.isas(), indirect=True)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_two_blocks_of_depth(isa: str, dtype: str) -> None:
    """Sums that stay in y from block to block, columns that are packed by the tasks that take them."""
    rng = np.random.default_rng(2)
    x, w, b = (rng.uniform(-1, 1, shape).astype(dtype) for shape in ((118, 800), (784, 800), (784,)))
    found = ts.nn.functional.linear(*map(ts.from_numpy, (x, w, b))).numpy()
    exact = x.astype(np.float64) @ w.astype(np.float64).T + b
    assert np.abs(found - exact).max() < 3e-5 * (1 if dtype == "float32" else 1e-8)
