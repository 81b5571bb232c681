"""Every optimizer step by step beside torch's, over twenty steps, and states exchanged between the two."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import tilestack as ts
from optimizer_formulas import CASES, muon
from test_optim import give, parameters
from tilestack import nn, optim

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.peers

KNOWN = [case for case in CASES if hasattr(torch.optim, case[0].__name__)]
STEPS = 20


def beside(mine: list) -> list:
    return [torch.nn.Parameter(torch.tensor(p.detach().numpy())) for p in mine]


def step_both(mine: list, theirs: list, a, b, t: int) -> None:
    give(mine, t)
    for p, q in zip(mine, theirs, strict=True):
        q.grad = torch.tensor(p.grad.numpy())
    a.step()
    b.step()


def check_equal(mine: list, theirs: list, t: int, rtol: float = 2e-5, atol: float = 2e-6) -> None:
    for p, q in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=rtol, atol=atol, err_msg=f"step {t}")


def parameters_for(kind, dtype=ts.float32) -> list:
    # torch's Adafactor divides by zero for a parameter without elements.
    return [p for p in parameters(dtype) if kind is not optim.Adafactor or p.numel()]


@pytest.mark.parametrize(("kind", "formula", "options"), KNOWN)
def test_steps(kind, formula, options) -> None:
    mine = parameters_for(kind)
    theirs = beside(mine)
    a, b = kind(mine, **options), getattr(torch.optim, kind.__name__)(theirs, **options)
    for t in range(1, STEPS + 1):
        step_both(mine, theirs, a, b, t)
        check_equal(mine, theirs, t)


@pytest.mark.parametrize(("kind", "formula", "options"), KNOWN)
def test_defaults(kind, formula, options) -> None:
    mine = parameters_for(kind)[:1]
    a, b = kind(mine).param_groups[0], getattr(torch.optim, kind.__name__)(beside(mine)).param_groups[0]
    assert {key: a[key] for key in a.keys() - {"params", "master_weights"}} == {
        key: b[key] for key in a if key in b and key != "params"
    }


@pytest.mark.parametrize(("kind", "formula", "options"), KNOWN)
def test_states_are_exchanged(kind, formula, options) -> None:
    mine = parameters_for(kind)
    theirs = beside(mine)
    a, b = kind(mine, **options), getattr(torch.optim, kind.__name__)(theirs, **options)
    for t in range(1, 6):
        step_both(mine, theirs, a, b, t)
    saved = copy.deepcopy(b.state_dict())
    for i, state in saved["state"].items():
        for key, value in state.items():
            state[key] = ts.tensor(value.numpy()) if isinstance(value, torch.Tensor) else value
        # What torch keeps as None, or for parameters of the other kind.
        present = {key for key, value in state.items() if value is not None}
        assert present - {"step"} == a.state[mine[i]].keys() - {"step"}
    a.load_state_dict(saved)
    step_both(mine, theirs, a, b, 6)
    check_equal(mine, theirs, 6)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"lr": 0.1, "nesterov": False, "weight_decay": 0.01, "momentum": 0.8},
        {"lr": 0.1, "adjust_lr_fn": "match_rms_adamw", "ns_steps": 3},
    ],
)
def test_muon(options) -> None:
    rng = np.random.default_rng(0)
    shapes = [(8, 8), (5, 12), (40, 7)]
    mine = [nn.Parameter(ts.from_numpy(rng.normal(size=shape).astype("f4"))) for shape in shapes]
    theirs, exact = beside(mine), [p.detach().double().numpy() for p in mine]
    states: list[dict] = [{} for _ in mine]
    a, b = optim.Muon(mine, **options), torch.optim.Muon(theirs, **options)
    for t in range(1, STEPS + 1):
        for i, (p, q) in enumerate(zip(mine, theirs, strict=True)):
            g = rng.normal(size=tuple(p.shape)).astype("f4")
            p.grad, q.grad = ts.from_numpy(g), torch.tensor(g)
            exact[i] = muon(exact[i], g.astype("f8"), states[i], t, **options)
        a.step()
        b.step()
    # Directions are made of products in bfloat16, which round as they like: ours are to be as near to the exact
    # ones as torch's, within a factor of 2.
    for p, q, w in zip(mine, theirs, exact, strict=True):
        ours, torchs = (np.sqrt(np.mean((x.detach().numpy() - w) ** 2)) for x in (p, q))
        assert ours <= 2 * torchs + 1e-7
        assert torchs < 0.05 * np.abs(w).mean()


def test_groups_like_torch() -> None:
    mine = parameters(ts.float32)
    theirs = beside(mine)

    def groups(params: list) -> list:
        return [{"params": params[:2], "weight_decay": 0.1}, {"params": params[2:], "weight_decay": 0.0, "lr": 0.02}]

    a, b = optim.NAdam(groups(mine), lr=0.01), torch.optim.NAdam(groups(theirs), lr=0.01)
    for t in range(1, STEPS + 1):
        step_both(mine, theirs, a, b, t)
        check_equal(mine, theirs, t)
