"""linear_cross_entropy against linear and cross_entropy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tilestack as ts

F = ts.nn.functional
RNG = np.random.default_rng(11)


def inputs(dtype: ts.dtype = ts.float64, rows: tuple[int, ...] = (3, 7), features: int = 5, classes: int = 11) -> Any:
    x, w, b = (
        ts.tensor(RNG.standard_normal(shape)).to(dtype).requires_grad_()
        for shape in ((*rows, features), (classes, features), (classes,))
    )
    target = RNG.integers(0, classes, rows)
    target.flat[1] = -100
    return x, w, b, ts.tensor(target)


def plain(x: Any, w: Any, b: Any, target: Any, **options: Any) -> Any:
    losses = F.cross_entropy(F.linear(x, w, b).reshape(-1, w.shape[0]), target.reshape(-1), **options)
    return losses.reshape(target.shape) if options.get("reduction") == "none" else losses


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("chunk_rows", [None, 1, 4, 100])
@pytest.mark.parametrize("weighted", [False, True])
def test_same_as_two_ops(reduction: str, chunk_rows: int | None, weighted: bool) -> None:
    x, w, b, target = inputs()
    options = {"reduction": reduction, "label_smoothing": 0.1}
    if weighted:
        options["weight"] = ts.tensor(RNG.uniform(0.5, 2, 11))
    results = []
    for loss in (
        plain(x, w, b, target, **options),
        F.linear_cross_entropy(x, w, target, linear_bias=b, chunk_rows=chunk_rows, **options),
    ):
        (loss * 3).sum().backward()
        results.append([loss.detach().numpy(), *(p.grad.numpy() for p in (x, w, b))])
        for p in (x, w, b):
            p.grad = None
    for got, want in zip(results[1], results[0], strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12)


def test_half_precision_sums_in_float32() -> None:
    x, w, _, target = inputs(ts.bfloat16, rows=(64,))
    loss = F.linear_cross_entropy(x, w, target, chunk_rows=4)
    loss.backward()
    assert loss.dtype == w.grad.dtype == ts.bfloat16
    wide = [p.detach().float().requires_grad_() for p in (x, w)]
    plain(*wide, None, target).backward()
    for p, q in zip((x, w), wide, strict=True):
        np.testing.assert_allclose(p.grad.float().numpy(), q.grad.numpy(), rtol=0.03, atol=1e-3)


def test_memory_does_not_hold_the_logits() -> None:
    x, w, _, target = inputs(ts.float32, rows=(4096,), features=8, classes=2000)
    before = ts.memory_stats()["allocated_bytes"]
    ts.reset_peak_memory()
    F.linear_cross_entropy(x, w, target, chunk_rows=128).backward()
    assert ts.memory_stats()["peak_bytes"] - before < 4096 * 2000 * 4 / 4


def test_the_gradient_of_the_loss_itself_is_not_copied() -> None:
    x, w, _, target = inputs(ts.float32, rows=(8,), features=64, classes=4000)
    loss = F.linear_cross_entropy(x, w, target)
    before = ts.memory_stats()["allocated_bytes"]
    ts.reset_peak_memory()
    loss.backward()
    assert ts.memory_stats()["peak_bytes"] - before < w.numel() * 4 / 2


def test_twice_over_a_kept_tape() -> None:
    x, w, _, target = inputs()
    loss = F.linear_cross_entropy(x, w, target)
    loss.backward(retain_graph=True)
    once = [p.grad.numpy().copy() for p in (x, w)]
    loss.backward()
    for p, slope in zip((x, w), once, strict=True):
        np.testing.assert_allclose(p.grad.numpy(), 2 * slope, rtol=1e-12)


def test_nothing_asked_for() -> None:
    x, w, b, target = inputs()
    with ts.no_grad():
        got = F.linear_cross_entropy(x, w, target, linear_bias=b, chunk_rows=2)
        assert not got.requires_grad
        assert got.item() == pytest.approx(plain(x, w, b, target).item())
    frozen = F.linear_cross_entropy(x.detach(), w, target)
    frozen.backward()
    assert x.grad is None
    assert w.grad is not None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x, w, b, t: F.linear_cross_entropy(x, w, t[0]), r"needs a target of shape \(3, 7\), got \(7,\)"),
        (lambda x, w, b, t: F.linear_cross_entropy(x, w, t, reduction="max"), "reduction must be"),
        (lambda x, w, b, t: F.linear_cross_entropy(x, w, t, chunk_rows=0), "chunk_rows must be positive"),
        (lambda x, w, b, t: F.linear_cross_entropy(x, w[:, 1:], t), "linear: "),
    ],
)
def test_errors(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(*inputs())
