"""Optimizers against their formulas in numpy, parameter groups, state, clipping."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tilestack as ts
from optimizer_formulas import CASES
from tilestack import nn, optim
from tilestack.train import load_checkpoint, save_checkpoint

SHAPES = [(3,), (4, 5), (2, 3, 3, 3), (1000,), (0,)]


def gradients(step: int) -> list[np.ndarray]:
    rng = np.random.default_rng(100 + step)
    return [rng.normal(size=shape) for shape in SHAPES]


def parameters(dtype) -> list[ts.Tensor]:
    rng = np.random.default_rng(0)
    return [nn.Parameter(ts.tensor(rng.normal(size=shape), dtype=dtype)) for shape in SHAPES]


def give(params, step: int) -> None:
    for p, g in zip(params, gradients(step), strict=False):
        p.grad = ts.tensor(g, dtype=p.dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("kind", "formula", "options"), CASES)
def test_formula(kind, formula, options, dtype: str) -> None:
    params = parameters(getattr(ts, dtype))
    want, states = [p.detach().double().numpy().copy() for p in params], [{} for _ in params]
    optimizer = kind(params, **options)
    if kind is optim.AdamW:
        options = {"weight_decay": 0.01, **options, "decoupled": True}
    if kind is optim.Adafactor:
        options = {**options, "epsilon": float(np.finfo(dtype).eps)}
    for t in range(1, 9):
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


HALF_CASES = [(kind, options) for kind, _, options in CASES if options] + [(optim.Muon, {"lr": 0.02})]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize(("kind", "options"), HALF_CASES)
def test_master_weights(kind, options, dtype: str) -> None:
    """16-bit parameters are the roundings of float32 ones that see the same gradients."""
    dtype = getattr(ts, dtype)
    shapes = [(4, 5)] if kind is optim.Muon else SHAPES
    rng = np.random.default_rng(3)
    halves = [nn.Parameter(ts.from_numpy(rng.normal(size=shape)).to(dtype)) for shape in shapes]
    wholes = [nn.Parameter(p.detach().float()) for p in halves]
    if kind is optim.Adafactor:  # whose default takes the epsilon of the parameter's dtype
        options = {"eps": (1e-3, 1e-3), **options}
    a, b = kind(halves, **options), kind(wholes, **options)
    for _ in range(6):
        for p, q in zip(halves, wholes, strict=True):
            p.grad = ts.from_numpy(rng.normal(size=tuple(p.shape))).to(dtype)
            q.grad = p.grad.float()
        a.step()
        b.step()
    for p, q in zip(halves, wholes, strict=True):
        if kind is optim.Muon:  # directions in bfloat16 lose bits in float16 parameters' gradients
            np.testing.assert_allclose(p.detach().float().numpy(), q.detach().numpy(), atol=0.02)
            continue
        np.testing.assert_array_equal(p.detach().float().numpy(), q.detach().to(dtype).float().numpy())
        assert (a.state[p]["master_param"] == q).all() if p.numel() else True


def test_small_updates_add_up() -> None:
    for master_weights, wanted in ((True, 0.9), (False, 1.0)):
        w = nn.Parameter(ts.ones(40, dtype=ts.bfloat16))
        optimizer = optim.SGD([w], lr=1e-3, master_weights=master_weights)
        for _ in range(100):
            w.grad = ts.ones(40, dtype=ts.bfloat16)
            optimizer.step()
        assert w.float().tolist() == [pytest.approx(wanted, abs=2**-8)] * 40
        assert ("master_param" in optimizer.state[w]) == master_weights


def test_what_is_written_to_a_parameter_counts() -> None:
    w = nn.Parameter(ts.ones(5, dtype=ts.bfloat16))
    optimizer = optim.SGD([w], lr=2.0**-10)
    w.grad = ts.ones(5, dtype=ts.bfloat16)
    optimizer.step()
    with ts.no_grad():
        w[1] = 3.0
    optimizer.step()
    assert optimizer.state[w]["master_param"].tolist() == [1 - 2 * 2.0**-10, 3 - 2.0**-10, *[1 - 2 * 2.0**-10] * 3]


@pytest.mark.parametrize(("kind", "options"), HALF_CASES)
def test_master_weights_resume_bit_for_bit(kind, options, tmp_path) -> None:
    shapes = [(4, 5)] if kind is optim.Muon else SHAPES
    first = [nn.Parameter(ts.randn(shape).to(ts.bfloat16)) for shape in shapes]
    a = kind(first, **options)

    def step(params: list, optimizer: optim.Optimizer, t: int) -> None:
        rng = np.random.default_rng(t)
        for p in params:
            p.grad = ts.from_numpy(rng.normal(size=tuple(p.shape))).to(p.dtype)
        optimizer.step()

    for t in range(3):
        step(first, a, t)
    save_checkpoint(tmp_path / "state", {"optimizer": a.state_dict(), "weights": [p.detach() for p in first]})
    saved = load_checkpoint(tmp_path / "state")
    second = [nn.Parameter(w) for w in saved["weights"]]
    b = kind(second)
    b.load_state_dict(saved["optimizer"])
    for t in range(3, 6):
        step(first, a, t)
        step(second, b, t)
    for p, q in zip(first, second, strict=True):
        np.testing.assert_array_equal(p.detach().float().numpy(), q.detach().float().numpy())


def test_muon_makes_orthogonal_steps() -> None:
    rng = np.random.default_rng(0)
    for shape in ((6, 6), (4, 9), (30, 5)):
        w = nn.Parameter(ts.zeros(shape))
        w.grad = ts.from_numpy(rng.normal(size=shape).astype("f4"))
        optim.Muon([w], lr=1.0, adjust_lr_fn="original").step()
        values = np.linalg.svd(w.detach().double().numpy())[1] / math.sqrt(max(1, shape[0] / shape[1]))
        assert values.min() > 0.6
        assert values.max() < 1.3
    with pytest.raises(ValueError, match=r"Muon: parameters must be matrices, got one of shape \(3,\)"):
        optim.Muon([nn.Parameter(ts.zeros(3))])


def test_decay_groups() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.Linear(3, 1, bias=False))
    groups = optim.decay_groups(model, 0.1)
    assert [[tuple(p.shape) for p in group["params"]] for group in groups] == [[(3, 2), (1, 3)], [(3,)] * 3]
    optimizer = optim.AdamW(groups, lr=0.5)
    for p in model.parameters():
        p.grad = ts.zeros_like(p)
    before = [p.detach().clone() for p in model.parameters()]
    optimizer.step()
    for p, old in zip(model.parameters(), before, strict=True):
        factor = 1 - 0.5 * 0.1 if p.dim() == 2 else 1
        np.testing.assert_allclose(p.detach().numpy(), old.numpy() * np.float32(factor), rtol=1e-6)
    by_name = optim.decay_groups(model, 0.1, no_decay=lambda name, p: name.startswith("2."))
    assert [len(group["params"]) for group in by_name] == [4, 1]
    model[0].weight.requires_grad = False
    assert [len(group["params"]) for group in optim.decay_groups(model)] == [1, 3]


def test_gradients_accumulate_as_one_batch() -> None:
    """Batches of a power of 2 whose gradients add up to that of all, bit for bit where sums are exact."""
    rng = np.random.default_rng(0)
    x = ts.from_numpy(rng.integers(-4, 5, (8, 3)).astype("f4"))
    t = ts.from_numpy(rng.integers(-4, 5, (8, 2)).astype("f4"))
    results = []
    for parts in (1, 2, 4):
        layer = nn.Linear(3, 2)
        with ts.no_grad():
            layer.weight.copy_(ts.arange(6).reshape(2, 3).float())
            layer.bias.copy_(ts.ones(2))
        optimizer = optim.AdamW(layer.parameters(), lr=0.1)
        for inputs, target in zip(x.chunk(parts), t.chunk(parts), strict=True):
            (nn.functional.mse_loss(layer(inputs), target) / parts).backward()
        optimizer.step()
        results.append([p.detach().numpy().copy() for p in layer.parameters()])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)
