"""Reductions and losses where their cases do not reach: NaN, ties, empty inputs, errors, many threads of work."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tilestack as ts

F = ts.nn.functional
each_isa = pytest.mark.parametrize("isa", ts._core.isas(), indirect=True)


@each_isa
@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("name", ["max", "min"])
def test_nan_wins(isa: str, dim: int, name: str) -> None:
    x = np.random.default_rng(0).standard_normal((60, 70)).astype(np.float32)
    x[np.random.default_rng(1).random(x.shape) < 0.01] = np.nan
    found = getattr(ts.from_numpy(x), name)(dim)
    np.testing.assert_array_equal(found.values.numpy(), getattr(np, name)(x, dim))
    np.testing.assert_array_equal(found.indices.numpy(), getattr(np, f"arg{name}")(x, dim))
    assert np.isnan(getattr(ts.from_numpy(x), name)().item())
    assert np.isnan(F.softmax(ts.from_numpy(x), dim).numpy()).any(dim).sum() == np.isnan(x).any(dim).sum()


def test_ties() -> None:
    """The first of equals along a dimension; shared gradients otherwise."""
    x = ts.tensor([[1.0, 3.0, 3.0], [3.0, 0.0, 1.0]], requires_grad=True)
    x.max().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.array([[0, 1, 1], [1, 0, 0]]) / 3)
    x.grad = None
    values, indices = x.max(1)
    assert indices.numpy().tolist() == [1, 0]
    values.sum().backward()
    assert x.grad.numpy().tolist() == [[0, 1, 0], [1, 0, 0]]
    x.grad = None
    x.amax(1).sum().backward()
    assert x.grad.numpy().tolist() == [[0, 0.5, 0.5], [1, 0, 0]]


@pytest.mark.parametrize("dtype", ["int64", "int32", "int8", "uint8"])
def test_integer_extremes(dtype: str) -> None:
    info = np.iinfo(dtype)
    x = ts.from_numpy(np.array([info.min, info.max, info.min, info.max], dtype))
    assert (x.max().item(), x.min().item(), x.argmax().item(), x.argmin().item()) == (info.max, info.min, 1, 0)


def test_empty() -> None:
    x = ts.from_numpy(np.zeros((0, 3), np.float32))
    assert x.sum().item() == 0
    assert x.prod().item() == 1
    assert np.isnan(x.mean().item())
    assert not x.any().item()
    assert x.all().item()
    assert x.max(1).values.shape == (0,)
    assert np.isnan(F.cross_entropy(x, ts.from_numpy(np.zeros(0, np.int64))).item())


def test_log_sum_exp_of_extremes() -> None:
    inf = np.inf
    x = np.array([[1e4, 1e4 - 1, -1e4], [-inf, 0, 1], [-1e30, -1e30, -1e30]], np.float32)
    losses = F.cross_entropy(ts.from_numpy(x), ts.from_numpy(np.array([0, 1, 2])), reduction="none").numpy()
    np.testing.assert_allclose(losses, [np.log(1 + np.exp(-1)), np.log(1 + np.exp(1)), np.log(3)], rtol=1e-6)
    masked = np.full((1, 20_000), -inf, np.float32)  # whole pieces of a row are masked out
    masked[0, 15_000] = 3
    assert F.cross_entropy(ts.from_numpy(masked), ts.from_numpy(np.array([15_000]))).item() == 0


def test_sums_stay_exact_in_float32() -> None:
    x = ts.from_numpy(np.full(10_000_001, 0.1, np.float32))
    assert abs(x.sum().item() / (0.1 * 10_000_001) - 1) < 1e-6
    columns = ts.from_numpy(np.full((2_000_000, 3), 0.1, np.float32))
    np.testing.assert_allclose(columns.sum(0).numpy(), 200_000, rtol=1e-5)


x32 = ts.from_numpy(np.zeros((2, 3), np.float32))
ERRORS = [
    (lambda: x32.sum(2), IndexError, "sum: "),
    (lambda: x32.sum((0, -2)), ValueError, "sum: dim 0 appears more than once in (0, -2)"),
    (lambda: (x32 > 0).mean(), TypeError, "mean: needs a float tensor or dtype=, got bool"),
    (lambda: x32[:0].max(), ValueError, "max: needs at least one element to reduce, got shape (0, 3)"),
    (lambda: x32[:0].argmin(0), ValueError, "argmin: needs at least one element along dim 0, got shape (0, 3)"),
    (lambda: ts.tensor([1]).norm(), TypeError, "norm: "),
    (lambda: x32.var(unbiased=True, correction=0), ValueError, "var: takes unbiased or correction, not both"),
    (lambda: F.softmax(x32, 5), IndexError, "softmax: "),
    (
        lambda: F.mse_loss(x32, x32[:, :1]),
        ValueError,
        "mse_loss: input and target must have the same shape, got (2, 3)",
    ),
    (lambda: F.mse_loss(x32, x32, reduction="max"), ValueError, "reduction must be 'mean', 'sum' or 'none', got 'max'"),
    (
        lambda: F.cross_entropy(x32, ts.tensor([1, 3])),
        IndexError,
        "target 3 at position 1 is out of range for 3 classes",
    ),
    (lambda: F.cross_entropy(x32, ts.tensor([-1, 0])), IndexError, "target -1 at position 0"),
    (lambda: F.nll_loss(x32, ts.tensor([0, 7])), IndexError, "nll_loss: target 7 at position 1"),
    (lambda: F.cross_entropy(x32, ts.tensor([1])), ValueError, "needs class indices of shape"),
    (lambda: F.cross_entropy(x32, ts.tensor([1, 0]), ts.ones(2)), ValueError, "weight must have shape (3)"),
    (lambda: F.cross_entropy(x32, x32[:1]), ValueError, "probabilities must have the input's shape (2, 3), got (1, 3)"),
    (lambda: F.cross_entropy(x32, ts.tensor([1, 0]), label_smoothing=2.0), ValueError, "label_smoothing must be"),
    (lambda: ts.sgd([x32], [x32[:1]], [], lr=1), ValueError, "sgd: grads[0] must have the parameter's shape (2, 3)"),
    (lambda: ts.sgd([x32], [], [], lr=1), ValueError, "sgd: wanted 1 grads, one a parameter, got 0"),
    (lambda: ts.sgd([x32], [None], [], lr=1), TypeError, "sgd: grads[0] is None"),
    (lambda: ts.adam([x32], [x32], [x32], [x32], [], step=0, lr=1), ValueError, "adam: steps count from 1, got 0"),
    (lambda: ts.adam([x32], [x32], [x32], [], [], step=1, lr=1), ValueError, "adam: wanted 1 exp_avg_sqs"),
    (lambda: ts.sum(None), TypeError, "None"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_error(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()


@each_isa
@pytest.mark.parametrize("norm_type", [2.0, np.inf, 1.0, 3.0])
def test_grad_norm_of_many_tensors(isa: str, norm_type: float) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(n).astype(np.float32) for n in (0, 1, 5, 40_000, 3, 17, 20_001)]
    arrays.append(rng.standard_normal((30, 40)).astype(np.float32).T)
    everything = np.abs(np.concatenate([a.ravel() for a in arrays]).astype(np.float64))
    want = everything.max() if norm_type == np.inf else (everything**norm_type).sum() ** (1 / norm_type)
    norm = ts.grad_norm([ts.from_numpy(a) for a in arrays], norm_type)
    np.testing.assert_allclose(norm.item(), want, rtol=1e-6)
    arrays[3][7] = np.nan
    assert np.isnan(ts.grad_norm([ts.from_numpy(a) for a in arrays], norm_type).item())


def test_step_takes_gradients_in_any_layout() -> None:
    rng = np.random.default_rng(0)
    w, g = rng.standard_normal((2, 6, 5)).astype(np.float32)
    p = ts.from_numpy(w.copy())
    ts.sgd([p], [ts.from_numpy(np.ascontiguousarray(g.T)).t()], [], lr=0.5)
    np.testing.assert_allclose(p.numpy(), w - 0.5 * g, rtol=1e-6)
    transposed = ts.from_numpy(np.ascontiguousarray(w.T)).t()
    ts.sgd([transposed], [ts.from_numpy(g)], [], lr=0.5)
    np.testing.assert_allclose(transposed.numpy(), w - 0.5 * g, rtol=1e-6)


def test_norm_converts_first() -> None:
    x = ts.full((1000,), 300.0, dtype=ts.float16, requires_grad=True)
    y = x.norm(dtype=ts.float32)
    assert (y.dtype, round(y.item())) == (ts.float32, 9487)
    y.backward()
    assert x.grad.dtype == ts.float16
    assert ts.norm(ts.tensor([3, 4]), dtype=ts.float64).item() == 5
