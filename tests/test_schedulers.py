"""Schedules against their closed forms, and against torch."""

from __future__ import annotations

import copy
import math

import pytest

import tilestack as ts
from tilestack import nn, optim
from tilestack.optim import lr_scheduler as sched


def optimizer(lr: float = 0.1, kind=optim.SGD, **options):
    return kind([nn.Parameter(ts.zeros(1))], lr=lr, **options)


def rates(opt, scheduler, steps: int) -> list[float]:
    out = []
    for _ in range(steps):
        out.append(opt.param_groups[0]["lr"])
        scheduler.step()
    return out


def cosine(t: int, low: float, high: float, period: int) -> float:
    return low + (high - low) * (1 + math.cos(math.pi * t / period)) / 2


CLOSED = [
    (lambda o: sched.LambdaLR(o, lambda t: 0.5**t), lambda t: 0.1 * 0.5**t),
    (lambda o: sched.StepLR(o, 3, 0.5), lambda t: 0.1 * 0.5 ** (t // 3)),
    (lambda o: sched.MultiStepLR(o, [4, 2, 4]), lambda t: 0.1 * 0.1 ** ((t >= 2) + 2 * (t >= 4))),
    (lambda o: sched.ExponentialLR(o, 0.9), lambda t: 0.1 * 0.9**t),
    (lambda o: sched.LinearLR(o, 0.25, 1.0, 4), lambda t: 0.1 * (0.25 + 0.75 * min(t, 4) / 4)),
    (lambda o: sched.CosineAnnealingLR(o, 5, 0.01), lambda t: cosine(t, 0.01, 0.1, 5)),
    (lambda o: sched.CosineAnnealingLR(o, 4), lambda t: cosine(t, 0, 0.1, 4)),
    (lambda o: sched.warmup(o, 4), lambda t: 0.1 * min(t + 1, 5) / 5),
    (
        lambda o: sched.warmup(o, 4, sched.CosineAnnealingLR(o, 8)),
        lambda t: 0.1 * (t + 1) / 5 if t < 4 else cosine(t - 4, 0, 0.1, 8),
    ),
    (
        lambda o: sched.SequentialLR(o, [sched.StepLR(o, 2), sched.LambdaLR(o, lambda t: 1 + t)], [5]),
        lambda t: 0.1 * 0.1 ** (t // 2) if t < 5 else 0.1 * (1 + t - 5),
    ),
]


@pytest.mark.parametrize(("make", "formula"), CLOSED)
def test_closed_form(make, formula) -> None:
    opt = optimizer()
    got = rates(opt, make(opt), 12)
    assert got == [pytest.approx(formula(t), rel=1e-9, abs=1e-15) for t in range(12)]


def test_one_cycle() -> None:
    opt = optimizer(kind=optim.Adam)
    scheduler = sched.OneCycleLR(opt, max_lr=1.0, total_steps=10, pct_start=0.4)
    assert opt.param_groups[0]["betas"][0] == 0.95
    got = rates(opt, scheduler, 9)
    assert got[0] == pytest.approx(0.04)
    assert got[3] == pytest.approx(1.0)
    assert got[1] == pytest.approx(cosine(1, 1.0, 0.04, 3))
    assert opt.param_groups[0]["lr"] == pytest.approx(0.04 / 1e4)
    assert opt.param_groups[0]["betas"] == (pytest.approx(0.95), 0.999)
    scheduler.step()
    with pytest.raises(ValueError, match="OneCycleLR: step 11 of 10"):
        scheduler.step()


MAKERS = [
    *(make for make, _ in CLOSED),
    lambda o: sched.OneCycleLR(
        o, 1.0, total_steps=40, three_phase=True, anneal_strategy="linear", cycle_momentum=False
    ),
]


@pytest.mark.parametrize("make", MAKERS)
def test_state_dict_goes_on(make) -> None:
    first, second = optimizer(), optimizer(5.0)
    a, b = make(first), make(second)
    rates(first, a, 5)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    b.load_state_dict(a.state_dict())
    assert rates(first, a, 7) == rates(second, b, 7)


def test_several_act_together() -> None:
    opt = optimizer(1.0)
    both = [sched.ExponentialLR(opt, 0.5), sched.StepLR(opt, 2, 0.1)]
    for _ in range(3):
        for scheduler in both:
            scheduler.step()
    assert opt.param_groups[0]["lr"] == pytest.approx(0.5**3 * 0.1)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda o: sched.StepLR(o, 0), "step_size must be at least 1"),
        (lambda o: sched.LinearLR(o, 0), "start_factor must be in"),
        (lambda o: sched.OneCycleLR(o, 1.0), "wanted total_steps"),
        (lambda o: sched.OneCycleLR(o, 1.0, total_steps=5, anneal_strategy="exp"), "anneal_strategy must be"),
        (lambda o: sched.OneCycleLR(optimizer(kind=optim.SGD), [1.0, 2.0], 5), "wanted 1 values of max_lr, got 2"),
        (lambda o: sched.LambdaLR(o, [abs, abs]), "wanted 1 functions"),
        (lambda o: sched.SequentialLR(o, [sched.StepLR(o, 1)], [3]), "one milestone fewer"),
        (lambda o: sched.SequentialLR(o, [sched.StepLR(optimizer(), 1)], []), "belongs to another optimizer"),
    ],
)
def test_bad_arguments(make, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make(optimizer())


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
def test_like_torch() -> None:
    torch = pytest.importorskip("torch")
    makers = [
        (lambda s, o: s.LambdaLR(o, lambda t: 0.95**t)),
        (lambda s, o: s.StepLR(o, 3, 0.5)),
        (lambda s, o: s.MultiStepLR(o, [2, 7])),
        (lambda s, o: s.ExponentialLR(o, 0.9)),
        (lambda s, o: s.LinearLR(o)),
        (lambda s, o: s.LinearLR(o, 1.0, 0.1, 7)),
        (lambda s, o: s.CosineAnnealingLR(o, 6, 1e-3)),
        (lambda s, o: s.CosineAnnealingLR(o, 1)),
        (lambda s, o: s.OneCycleLR(o, 1.0, epochs=6, steps_per_epoch=5)),
        (lambda s, o: s.OneCycleLR(o, 1.0, total_steps=30, three_phase=True)),
        (lambda s, o: s.OneCycleLR(o, 1.0, total_steps=30, pct_start=0.1, anneal_strategy="linear")),
        (lambda s, o: s.SequentialLR(o, [s.LinearLR(o, 0.1, 1.0, 5), s.CosineAnnealingLR(o, 20)], [5])),
        (lambda s, o: s.SequentialLR(o, [s.ExponentialLR(o, 0.9), s.StepLR(o, 2), s.LinearLR(o)], [3, 9])),
    ]
    makers += [
        lambda s, o, epochs=epochs, kind=kind: (optim if s is sched else torch.optim).swa_utils.SWALR(
            o, 0.02, epochs, kind
        )
        for epochs in (0, 1, 9)
        for kind in ("cos", "linear")
    ]
    for i, make in enumerate(makers):
        mine = optim.SGD([nn.Parameter(ts.zeros(1))], lr=0.1, momentum=0.9)
        theirs = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
        a, b = make(sched, mine), make(torch.optim.lr_scheduler, theirs)
        for t in range(28):
            x, y = mine.param_groups[0], theirs.param_groups[0]
            assert x["lr"] == pytest.approx(y["lr"], rel=1e-9, abs=1e-15), (i, t)
            assert x["momentum"] == pytest.approx(y["momentum"], rel=1e-9), (i, t)
            a.step()
            theirs.step()
            b.step()
