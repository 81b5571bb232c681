"""Optimizers against their formulas in numpy, parameter groups, state, clipping."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest

import tilestack as ts
from tilestack import nn, optim

SHAPES = [(3,), (4, 5), (2, 3, 3, 3), (1000,), (0,)]


def sgd(w, g, s, t, lr, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False):
    g = (-g if maximize else g) + weight_decay * w
    if momentum:
        s["v"] = g if t == 1 else momentum * s["v"] + (1 - dampening) * g
        g = g + momentum * s["v"] if nesterov else s["v"]
    return w - lr * g


def adam(
    w, g, s, t, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False, maximize=False, decoupled=False
):
    g = -g if maximize else g
    if decoupled:
        w = w * (1 - lr * weight_decay)
    else:
        g = g + weight_decay * w
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g * g
    s["most"] = np.maximum(s.get("most", 0), s["v"])
    root = np.sqrt((s["most"] if amsgrad else s["v"]) / (1 - betas[1] ** t)) + eps
    return w - lr / (1 - betas[0] ** t) * s["m"] / root


def rmsprop(w, g, s, t, lr, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False):
    g = g + weight_decay * w
    s["v"] = alpha * s.get("v", 0) + (1 - alpha) * g * g
    s["mean"] = alpha * s.get("mean", 0) + (1 - alpha) * g
    step = g / (np.sqrt(s["v"] - s["mean"] ** 2 if centered else s["v"]) + eps)
    s["b"] = momentum * s.get("b", 0) + step
    return w - lr * s["b"]


CASES = [
    (optim.SGD, sgd, {"lr": 0.1}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True}),
    (optim.Adam, adam, {"lr": 0.01}),
    (optim.Adam, adam, {"lr": 0.01, "betas": (0.8, 0.9), "weight_decay": 0.1, "eps": 1e-6}),
    (optim.Adam, adam, {"lr": 0.01, "amsgrad": True, "maximize": True}),
    (optim.AdamW, adam, {"lr": 0.01, "weight_decay": 0.1}),
    (optim.AdamW, adam, {"lr": 0.01, "amsgrad": True}),
    (optim.RMSprop, rmsprop, {"lr": 0.01}),
    (optim.RMSprop, rmsprop, {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.1}),
    (optim.RMSprop, rmsprop, {"lr": 0.01, "centered": True, "alpha": 0.9}),
]


def gradients(step: int) -> list[np.ndarray]:
    rng = np.random.default_rng(100 + step)
    return [rng.normal(size=shape) for shape in SHAPES]


def parameters(dtype) -> list[ts.Tensor]:
    rng = np.random.default_rng(0)
    return [nn.Parameter(ts.tensor(rng.normal(size=shape), dtype=dtype)) for shape in SHAPES]


def give(params, step: int) -> None:
    for p, g in zip(params, gradients(step), strict=True):
        p.grad = ts.tensor(g, dtype=p.dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("kind", "formula", "options"), CASES)
def test_formula(kind, formula, options, dtype: str) -> None:
    params = parameters(getattr(ts, dtype))
    want, states = [p.detach().double().numpy().copy() for p in params], [{} for _ in params]
    optimizer = kind(params, **options)
    if kind is optim.AdamW:
        options = {"weight_decay": 0.01, **options, "decoupled": True}
    for t in range(1, 6):
        give(params, t)
        optimizer.step()
        grads = [g.astype(dtype).astype(np.float64) for g in gradients(t)]
        want = [formula(w, g, s, t, **options) for w, g, s in zip(want, grads, states, strict=True)]
    tolerance = {"float32": 2e-5, "float64": 1e-12}[dtype]
    for p, w in zip(params, want, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), w, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("kind", "formula", "options"), CASES)
def test_state_dict_goes_on_bit_for_bit(kind, formula, options) -> None:
    params, others = parameters(ts.float32), parameters(ts.float32)
    first, second = kind(params, **options), kind(others, **{**options, "lr": 1.0})
    for t in range(1, 4):
        give(params, t)
        first.step()
    state = first.state_dict()
    assert [group["params"] for group in state["param_groups"]] == [[0, 1, 2, 3, 4]]
    second.load_state_dict(state)
    with ts.no_grad():
        for p, other in zip(params, others, strict=True):
            other.copy_(p)
    for t in range(4, 7):
        for each, optimizer in ((params, first), (others, second)):
            give(each, t)
            optimizer.step()
    for p, other in zip(params, others, strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), other.detach().numpy())


def test_groups() -> None:
    a, b, c = (nn.Parameter(ts.zeros(2)) for _ in range(3))
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 1.0}], lr=0.1)
    optimizer.add_param_group({"params": [c], "momentum": 0.5})
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 1.0, 0.1]
    for p in (a, b):
        p.grad = ts.ones(2)
    optimizer.step()
    assert [p.tolist()[0] for p in (a, b, c)] == [pytest.approx(-0.1), -1.0, 0.0]
    assert c not in optimizer.state
    optimizer.zero_grad()
    assert a.grad is None
    assert "Parameter Group 2" in repr(optimizer)
    named = optim.SGD(nn.Linear(2, 2).named_parameters(), lr=0.1)
    assert len(named.param_groups[0]["params"]) == 2


def test_step_with_closure() -> None:
    w = nn.Parameter(ts.ones(1))
    optimizer = optim.SGD([w], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 1
    assert w.item() == pytest.approx(0.8)


def test_parameters_with_different_numbers_of_steps() -> None:
    a, b = nn.Parameter(ts.ones(3)), nn.Parameter(ts.ones(3))
    optimizer = optim.Adam([a, b], lr=0.1)
    a.grad = ts.ones(3)
    optimizer.step()
    b.grad = ts.ones(3)
    optimizer.step()
    assert (optimizer.state[a]["step"], optimizer.state[b]["step"]) == (2, 1)
    np.testing.assert_allclose(b.detach().numpy(), 0.9, rtol=1e-6)
    np.testing.assert_allclose(a.detach().numpy(), 0.8, rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda w: optim.SGD([], lr=0.1), ValueError, "there are no parameters"),
        (lambda w: optim.SGD(w, lr=0.1), TypeError, "got a Tensor"),
        (lambda w: optim.SGD([3], lr=0.1), TypeError, "can only optimize tensors, got int"),
        (lambda w: optim.SGD([w * 2], lr=0.1), ValueError, "the result of an op"),
        (lambda w: optim.SGD([w, w], lr=0.1), ValueError, "more than once"),
        (lambda w: optim.SGD([w], lr=-1), ValueError, "SGD: lr must be at least 0, got -1"),
        (lambda w: optim.SGD([w], lr=0.1, nesterov=True), ValueError, "nesterov needs momentum"),
        (lambda w: optim.Adam([w], betas=(0.9, 1.0)), ValueError, r"betas must be at least 0 and less than 1"),
        (lambda w: optim.Adam([w], lr=math.nan), ValueError, "lr"),
        (lambda w: optim.RMSprop([{"weights": [w]}]), TypeError, 'must be a dict with "params"'),
    ],
)
def test_bad_arguments(make, error, text: str) -> None:
    with pytest.raises(error, match=text):
        make(nn.Parameter(ts.ones(2)))


def test_load_state_dict_that_does_not_fit() -> None:
    optimizer = optim.Adam([nn.Parameter(ts.ones(2))], lr=0.1)
    with pytest.raises(ValueError, match=r"wanted groups of \[1\] parameters, got \[2\]"):
        optimizer.load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]})
    state = {"state": {0: {"step": 1, "exp_avg": ts.ones(3)}}, "param_groups": [{"params": [0], "lr": 5.0}]}
    with pytest.raises(ValueError, match=r"exp_avg of parameter 0 must have shape \(2,\), got \(3,\)"):
        optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["lr"] == 0.1


def test_clip_grad_norm() -> None:
    params = [nn.Parameter(ts.zeros(shape)) for shape in SHAPES]
    give(params, 1)
    before = [p.grad.numpy().copy() for p in params]
    norm = math.sqrt(sum((g.astype(np.float64) ** 2).sum() for g in before))
    assert nn.utils.clip_grad_norm_(params, 1e9).item() == pytest.approx(norm, rel=1e-6)
    np.testing.assert_array_equal(params[1].grad.numpy(), before[1])
    assert nn.utils.clip_grad_norm_(params, 1.0).item() == pytest.approx(norm, rel=1e-6)
    after = math.sqrt(sum((p.grad.numpy().astype(np.float64) ** 2).sum() for p in params))
    assert after == pytest.approx(1, rel=1e-5)
    params[0].grad = ts.full((3,), math.inf)
    with pytest.raises(RuntimeError, match="the norm of the gradients is inf; nothing was scaled"):
        nn.utils.clip_grad_norm_(params, 1.0, error_if_nonfinite=True)
    assert nn.utils.clip_grad_norm_([nn.Parameter(ts.ones(1))], 1.0).item() == 0


def test_clip_grad_value() -> None:
    w = nn.Parameter(ts.zeros(3))
    w.grad = ts.tensor([-2.0, 0.5, 3.0])
    nn.utils.clip_grad_value_(w, 1.0)
    assert w.grad.tolist() == [-1, 0.5, 1]


def test_vector() -> None:
    params = [nn.Parameter(ts.ones(2, 2)), nn.Parameter(ts.zeros(3))]
    assert nn.utils.parameters_to_vector(params).tolist() == [1] * 4 + [0] * 3
    nn.utils.vector_to_parameters(ts.arange(7).float(), params)
    assert params[0].tolist() == [[0, 1], [2, 3]]
    with pytest.raises(ValueError, match=r"vec must have shape \(7,\), got \(6,\)"):
        nn.utils.vector_to_parameters(ts.zeros(6), params)


def test_16_bit_parameters_move() -> None:
    for dtype in (ts.bfloat16, ts.float16):
        w = nn.Parameter(ts.ones(9, dtype=dtype))
        w.grad = ts.ones(9, dtype=dtype)
        optim.AdamW([w], lr=0.25, weight_decay=0).step()
        assert w.float().tolist() == [0.75] * 9


@pytest.mark.peers
@pytest.mark.parametrize(("kind", "formula", "options"), CASES)
def test_like_torch(kind, formula, options) -> None:
    torch = pytest.importorskip("torch")
    mine = parameters(ts.float32)
    theirs = [torch.nn.Parameter(torch.tensor(p.detach().numpy())) for p in mine]
    a, b = kind(mine, **options), getattr(torch.optim, kind.__name__)(theirs, **options)
    for t in range(1, 6):
        give(mine, t)
        for p, q in zip(mine, theirs, strict=True):
            q.grad = torch.tensor(p.grad.numpy())
        a.step()
        b.step()
    for p, q in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=2e-5, atol=1e-6)
    saved = copy.deepcopy(b.state_dict())
    for i, state in saved["state"].items():
        for key, value in state.items():
            state[key] = ts.tensor(value.numpy()) if isinstance(value, torch.Tensor) else value
        assert state.keys() - {"step"} == a.state[mine[i]].keys() - {"step"}
    a.load_state_dict(saved)
    give(mine, 6)
    for p, q in zip(mine, theirs, strict=True):
        q.grad = torch.tensor(p.grad.numpy())
    a.step()
    b.step()
    for p, q in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=2e-5, atol=1e-6)
