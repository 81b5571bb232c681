"""Losses that have no case, against formulas in numpy and slopes of finite differences."""

from __future__ import annotations

import numpy as np
import pytest

import tilestack as ts

F, nn = ts.nn.functional, ts.nn
RNG = np.random.default_rng(5)
X, T = RNG.standard_normal((5, 7)), RNG.standard_normal((5, 7))
P, Q = RNG.uniform(0.05, 0.95, (5, 7)), np.where(RNG.random((5, 7)) < 0.2, 0, RNG.random((5, 7)))
SIGNS = np.array([1.0, -1, 1, 1, -1])


def huber(d, delta):
    return np.where(np.abs(d) < delta, d**2 / 2, delta * (np.abs(d) - delta / 2))


def cosine(a, b):
    return np.sum(a * b, -1) / np.sqrt(np.sum(a * a, -1) * np.sum(b * b, -1))


def distance(a, b, p=2.0):
    return np.sum(np.abs(a - b + 1e-6) ** p, -1) ** (1 / p)


def divergence(x, q):
    return np.where(q > 0, q * (np.log(np.where(q > 0, q, 1)) - x), 0)


CASES = {
    "smooth_l1": (nn.SmoothL1Loss, {}, (X, T), huber(X - T, 1)),
    "smooth_l1 beta": (nn.SmoothL1Loss, {"beta": 0.3}, (X, T), huber(X - T, 0.3) / 0.3),
    "smooth_l1 beta 0": (nn.SmoothL1Loss, {"beta": 0.0}, (X, T), np.abs(X - T)),
    "huber": (nn.HuberLoss, {"delta": 0.7}, (X, T), huber(X - T, 0.7)),
    "kl_div": (nn.KLDivLoss, {}, (X, Q), divergence(X, Q)),
    "kl_div log": (nn.KLDivLoss, {"log_target": True}, (X, T), np.exp(T) * (T - X)),
    "bce": (nn.BCELoss, {}, (P, Q), -(Q * np.log(P) + (1 - Q) * np.log(1 - P))),
    "cosine_embedding": (
        nn.CosineEmbeddingLoss,
        {"margin": 0.1},
        (X, T, SIGNS),
        np.where(SIGNS == 1, 1 - cosine(X, T), np.maximum(cosine(X, T) - 0.1, 0)),
    ),
    "margin_ranking": (
        nn.MarginRankingLoss,
        {"margin": 0.1},
        (X[:, 0], T[:, 0], SIGNS),
        np.maximum(0.1 - SIGNS * (X[:, 0] - T[:, 0]), 0),
    ),
    "triplet": (
        nn.TripletMarginLoss,
        {"margin": 0.5, "swap": True},
        (X, T, Q),
        np.maximum(distance(X, T) - np.minimum(distance(X, Q), distance(T, Q)) + 0.5, 0),
    ),
    "triplet p=1": (
        nn.TripletMarginLoss,
        {"p": 1.0},
        (X, T, Q),
        np.maximum(distance(X, T, 1) - distance(X, Q, 1) + 1, 0),
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_values_and_slopes(name: str, reduction: str) -> None:
    make, options, arrays, losses = CASES[name]
    loss = make(reduction=reduction, **options)
    want = {"none": losses, "mean": losses.mean(), "sum": losses.sum()}[reduction]
    inputs = [ts.tensor(array) for array in arrays]
    inputs[0].requires_grad = True
    y = loss(*inputs)
    np.testing.assert_allclose(y.detach().numpy(), want, rtol=1e-10, atol=1e-12)
    y.sum().backward()
    with ts.no_grad():
        for at in [(0,) * arrays[0].ndim, (4,) + (3,) * (arrays[0].ndim - 1)]:
            ends = []
            for step in (1e-6, -1e-6):
                moved = arrays[0].copy()
                moved[at] += step
                ends.append(loss(ts.tensor(moved), *inputs[1:]).sum().item())
            assert inputs[0].grad.numpy()[at] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-7)


def test_batchmean_divides_by_the_batch() -> None:
    y = nn.KLDivLoss(reduction="batchmean")(ts.tensor(X), ts.tensor(Q))
    assert y.item() == pytest.approx(divergence(X, Q).sum() / 5)


def test_probabilities_of_0_and_1_stay_finite() -> None:
    p = ts.tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    loss = F.binary_cross_entropy(p, ts.tensor([0.0, 1.0, 1.0, 0.0]), reduction="none")
    assert loss.tolist() == [0, 0, 100, 100]
    loss.sum().backward()
    assert np.isfinite(p.grad.numpy()).all()


def test_weight_of_binary_cross_entropy() -> None:
    w = RNG.random(7)
    y = nn.BCELoss(weight=ts.tensor(w), reduction="none")(ts.tensor(P), ts.tensor(Q))
    np.testing.assert_allclose(y.numpy(), -w * (Q * np.log(P) + (1 - Q) * np.log(1 - P)), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: F.huber_loss(ts.ones(3), ts.ones(3), delta=0.0), "huber_loss: delta must be positive, got 0"),
        (lambda: F.smooth_l1_loss(ts.ones(3), ts.ones(2)), r"smooth_l1_loss: .* \(3,\) and \(2,\)"),
        (lambda: F.smooth_l1_loss(ts.ones(3), ts.ones(3), beta=-1.0), "beta must not be negative"),
        (lambda: F.kl_div(ts.ones(3), ts.ones(3), reduction="max"), "kl_div: reduction"),
        (lambda: nn.BCELoss(reduction="batchmean"), "BCELoss: reduction"),
        (lambda: F.binary_cross_entropy(ts.ones(3), ts.ones(3, 1)), "binary_cross_entropy: input and target"),
        (lambda: F.cosine_embedding_loss(ts.ones(3, 2), ts.ones(3, 2), ts.ones(2)), r"target must have shape \(3,\)"),
    ],
)
def test_errors(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("loss", "each", "mean"),
    [
        (F.mse_loss, (X - T) ** 2, lambda y, w: y.sum() / w.sum()),
        (F.l1_loss, np.abs(X - T), lambda y, w: y.sum() / w.sum()),
        (F.huber_loss, huber(X - T, 1), lambda y, w: y.mean()),
    ],
)
def test_weights_of_elements(loss, each, mean) -> None:
    """As torch has them: Huber's mean is over the elements, the others' over the weights."""
    x, t, w = ts.tensor(X, requires_grad=True), ts.tensor(T), ts.tensor(P)
    np.testing.assert_allclose(loss(x, t, reduction="none", weight=w).detach().numpy(), each * P)
    np.testing.assert_allclose(loss(x, t, reduction="sum", weight=w).item(), (each * P).sum())
    y = loss(x, t, weight=w)
    np.testing.assert_allclose(y.item(), mean(each * P, P))
    y.backward()
    step = 1e-6
    higher = loss(ts.tensor(X + step * (np.arange(35) == 9).reshape(5, 7)), t, weight=w)
    np.testing.assert_allclose(x.grad[1, 2].item(), (higher.item() - y.item()) / step, rtol=1e-4)
    with pytest.raises(ValueError, match=r"weight.*\(5, 7\)"):
        loss(x, t, weight=ts.ones(7))
