"""Ops that are made of others, against numpy: results, and gradients by central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tilestack as ts

F = ts.nn.functional
RNG = np.random.default_rng(0)
A, B, C = RNG.standard_normal((3, 4)), RNG.standard_normal((4, 5)), RNG.standard_normal((3, 4))
V, W = RNG.standard_normal(4), RNG.standard_normal(4)
BATCH, BATCH2 = RNG.standard_normal((2, 3, 4)), RNG.standard_normal((2, 4, 5))
POSITIVE = RNG.uniform(0.2, 0.8, (3, 4))
HOLES = np.where(A > 0.5, np.nan, A)
INDEX = np.array([2, 0])


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# name, arguments (arrays become tensors), numpy's way
CASES: list[tuple[str, list[Any], Callable[..., Any]]] = [
    ("fmax", [HOLES, C], np.fmax),
    ("fmin", [HOLES, C], np.fmin),
    ("clamp_min", [A, 0.1], lambda x, low: np.maximum(x, low)),
    ("clamp_max", [A, C], np.minimum),
    ("clamp", [A, C, C + 0.5], np.clip),
    ("copysign", [A, C], np.copysign),
    ("frac", [A * 3], lambda x: x - np.trunc(x)),
    ("deg2rad", [A], np.deg2rad),
    ("rad2deg", [A], np.rad2deg),
    ("logaddexp2", [A, C], np.logaddexp2),
    ("xlogy", [A, POSITIVE], lambda x, y: x * np.log(y)),
    ("logit", [POSITIVE], lambda p: np.log(p / (1 - p))),
    ("sinc", [A], np.sinc),
    ("float_power", [POSITIVE, A], np.float_power),
    ("ldexp", [A, C], lambda x, y: x * 2.0**y),
    ("nan_to_num", [HOLES, 7.0], lambda x, value: np.nan_to_num(x, nan=value)),
    ("dot", [V, W], np.dot),
    ("vdot", [V, W], np.vdot),
    ("outer", [V, W], np.outer),
    ("mv", [A, V], np.matmul),
    ("inner", [A, C], np.inner),
    ("kron", [A, B], np.kron),
    ("trace", [A], np.trace),
    ("tensordot", [BATCH, BATCH2, ([0, 2], [0, 1])], lambda a, b, d: np.tensordot(a, b, d)),
    ("addmm", [np.ones(5), A, B], lambda x, a, b: x + a @ b),
    ("addmv", [np.ones(3), A, V], lambda x, a, b: x + a @ b),
    ("addr", [np.ones(4), V, W], lambda x, a, b: x + np.outer(a, b)),
    ("baddbmm", [np.ones(5), BATCH, BATCH2], lambda x, a, b: x + a @ b),
    ("addbmm", [np.ones(5), BATCH, BATCH2], lambda x, a, b: x + (a @ b).sum(0)),
    ("cdist", [A, C], lambda a, b: np.sqrt(((a[:, None] - b) ** 2).sum(-1))),
    ("einsum", ["bij,bjk->ik", BATCH, BATCH2], np.einsum),
    ("einsum", ["ii->i", A[:, :3]], np.einsum),
    ("einsum", ["...i,i", BATCH, V], np.einsum),
    ("einsum", ["ij,j,ik->k", A, V, C], np.einsum),
    ("fliplr", [A], np.fliplr),
    ("flipud", [A], np.flipud),
    ("rot90", [A, 3], np.rot90),
    ("hstack", [[A, C]], np.hstack),
    ("vstack", [[V, A]], np.vstack),
    ("dstack", [[A, C]], np.dstack),
    ("column_stack", [[V, W]], np.column_stack),
    ("tensor_split", [B, 3], np.array_split),
    ("ravel", [A], np.ravel),
    ("diag_embed", [A, 1], lambda x, k: np.stack([np.diag(row, k) for row in x])),
    ("diagflat", [A, -1], np.diagflat),
    ("kthvalue", [A, 2], lambda x, k: (np.sort(x, -1)[..., k - 1], np.argsort(x, -1)[..., k - 1])),
    ("quantile", [A, np.array([0.2, 0.9]), 1], lambda x, q, axis: np.quantile(x, q, axis)),
    ("nanquantile", [HOLES, np.array([0.43]), 1], lambda x, q, axis: np.nanquantile(x, q, axis)),
    ("msort", [A], lambda x: np.sort(x, 0)),
    ("diff", [A, 2, 1], np.diff),
    ("cumprod", [A * np.array([1, 0, 1, 1]), 1], np.cumprod),
    ("logcumsumexp", [A, 1], np.logaddexp.accumulate),
    ("cummax", [A, 1], lambda x, axis: (np.maximum.accumulate(x, axis),)),
    ("cummin", [A, 1], lambda x, axis: (np.minimum.accumulate(x, axis),)),
    ("nansum", [HOLES, 1], np.nansum),
    ("nanmean", [HOLES, 0], np.nanmean),
    ("trapezoid", [A, C], lambda y, x: np.trapezoid(y, x)),
    ("dist", [A, C], lambda x, y: np.linalg.norm(x - y)),
    ("cov", [A], np.cov),
    ("corrcoef", [A], np.corrcoef),
    ("bincount", [np.array([0, 2, 2, 5])], np.bincount),
    ("searchsorted", [np.sort(V), A], np.searchsorted),
    ("isin", [np.array([1, 2, 3]), np.array([2, 3])], np.isin),
    ("take", [A, np.array([[1, -1]])], np.take),
    ("index_fill", [A, 0, INDEX, 5.0], lambda x, d, i, v: np.where(np.isin(np.arange(3), i)[:, None], v, x)),
    ("softmin", [A, -1], lambda x, dim: softmax(-x)),
    ("tanhshrink", [A], lambda x: x - np.tanh(x)),
    ("softshrink", [A], lambda x: np.sign(x) * np.maximum(abs(x) - 0.5, 0)),
    ("hardshrink", [A], lambda x: np.where(abs(x) > 0.5, x, 0)),
    ("normalize", [A], lambda x: x / np.linalg.norm(x, axis=1, keepdims=True)),
    ("soft_margin_loss", [A, np.sign(C)], lambda x, t: np.log1p(np.exp(-t * x)).mean()),
    ("poisson_nll_loss", [A, POSITIVE], lambda x, t: (np.exp(x) - t * x).mean()),
    ("gaussian_nll_loss", [A, C, POSITIVE], lambda x, t, v: ((np.log(v) + (x - t) ** 2 / v) / 2).mean()),
]


def function(name: str) -> Callable[..., Any]:
    return getattr(ts, name, None) or getattr(F, name)


def as_tensors(item: Any, leaves: list[ts.Tensor], dtype: str = "float64") -> Any:
    if isinstance(item, np.ndarray):
        x = ts.from_numpy(np.array(item, dtype if item.dtype.kind == "f" else item.dtype))
        if x.is_floating_point():
            leaves.append(x.requires_grad_())
        return x
    if isinstance(item, list) and item and isinstance(item[0], np.ndarray):
        return [as_tensors(x, leaves, dtype) for x in item]
    return item


def parts(results: Any) -> list[Any]:
    return list(results) if isinstance(results, (tuple, list)) else [results]


@pytest.mark.parametrize(("name", "args", "reference"), CASES, ids=[f"{i}-{c[0]}" for i, c in enumerate(CASES)])
def test_against_numpy(name: str, args: list[Any], reference: Callable[..., Any]) -> None:
    wanted = parts(reference(*args))
    for dtype, rtol in (("float64", 1e-12), ("float32", 2e-5)):
        results = parts(function(name)(*(as_tensors(a, [], dtype) for a in args)))
        for got, want in zip(results, wanted, strict=len(wanted) > 1):
            np.testing.assert_allclose(got.detach().numpy(), want, rtol=rtol, atol=rtol)


def loss_of(results: Any, weights: list[np.ndarray]) -> ts.Tensor:
    floats = [y for y in parts(results) if y.is_floating_point()]
    return sum((y * ts.from_numpy(np.resize(w, tuple(y.shape)))).sum() for y, w in zip(floats, weights, strict=False))


@pytest.mark.parametrize(("name", "args", "reference"), CASES, ids=[f"{i}-{c[0]}" for i, c in enumerate(CASES)])
def test_gradients(name: str, args: list[Any], reference: Callable[..., Any]) -> None:
    """The slope of a weighted sum of the results along a random direction of all inputs."""
    rng = np.random.default_rng(1)
    weights = [rng.standard_normal(64) for _ in range(8)]
    leaves: list[ts.Tensor] = []
    made = [as_tensors(a, leaves) for a in args]
    results = function(name)(*made)
    if not any(y.requires_grad for y in parts(results)):
        pytest.skip("no float result")
    loss_of(results, weights).backward()
    directions = [rng.standard_normal(x.shape) * np.isfinite(x.detach().numpy()) for x in leaves]
    slope = sum(
        float((d * x.grad.numpy()).sum()) for d, x in zip(directions, leaves, strict=True) if x.grad is not None
    )
    step, ends = 1e-6, []
    for sign in (1, -1):
        with ts.no_grad():
            for x, d in zip(leaves, directions, strict=True):
                x.add_(ts.from_numpy(d * step * sign))
            ends.append(loss_of(function(name)(*made), weights).item())
            for x, d in zip(leaves, directions, strict=True):
                x.sub_(ts.from_numpy(d * step * sign))
    assert slope == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-7)
