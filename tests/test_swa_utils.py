"""Averages of weights."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tilestack as ts
from tilestack import nn, optim
from tilestack.optim import swa_utils


def models(count: int) -> list[nn.Module]:
    return [nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)) for _ in range(count)]


def flat(model: nn.Module) -> np.ndarray:
    return np.concatenate([p.detach().double().numpy().ravel() for p in model.parameters()])


def averaged(kind: str, decay: float = 0.9, **options) -> tuple[np.ndarray, list[np.ndarray], swa_utils.AveragedModel]:
    given = models(4)
    functions = {
        "mean": {},
        "mean of one": {"avg_fn": swa_utils.get_swa_avg_fn()},
        "ema": {"multi_avg_fn": swa_utils.get_ema_multi_avg_fn(decay)},
        "ema of one": {"avg_fn": swa_utils.get_ema_avg_fn(decay)},
    }
    average = swa_utils.AveragedModel(given[0], **functions[kind], **options)
    for model in given:
        average.update_parameters(model)
    return flat(average), [flat(model) for model in given], average


@pytest.mark.parametrize("kind", ["mean", "mean of one", "ema", "ema of one"])
def test_averages(kind: str) -> None:
    got, given, average = averaged(kind)
    wanted = given[0]
    for i, weights in enumerate(given[1:], 1):
        wanted = 0.9 * wanted + 0.1 * weights if "ema" in kind else wanted + (weights - wanted) / (i + 1)
    np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-7)
    assert average.n_averaged.item() == 4
    assert average(ts.ones((5, 3))).shape == (5, 2)


def test_it_is_a_copy_and_buffers_follow() -> None:
    model = models(1)[0]
    average = swa_utils.AveragedModel(model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.5))
    average.update_parameters(model)
    before = flat(average)
    with ts.no_grad():
        model[0].weight.add_(1.0)
    model(ts.randn((8, 3)))
    np.testing.assert_array_equal(flat(average), before)
    average.update_parameters(model)
    assert (average.module[1].running_mean == model[1].running_mean).all()
    assert (average.module[1].num_batches_tracked == 1).all()
    with_buffers = swa_utils.AveragedModel(model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.5), use_buffers=True)
    with_buffers.update_parameters(model)
    old = model[1].running_mean.numpy().copy()
    model(ts.randn((8, 3)) + 4)
    with_buffers.update_parameters(model)
    wanted = (old + model[1].running_mean.numpy()) / 2
    np.testing.assert_allclose(with_buffers.module[1].running_mean.numpy(), wanted, rtol=1e-6)


def test_float32_average_of_a_16_bit_model() -> None:
    model = nn.Linear(4, 4).to(ts.bfloat16)
    average = swa_utils.AveragedModel(model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.999)).float()
    average.update_parameters(model)
    with ts.no_grad():
        model.weight.fill_(2.0)
        average.module.weight.fill_(1.0)
    for _ in range(10):
        average.update_parameters(model)
    np.testing.assert_allclose(average.module.weight.detach().numpy(), 2 - 0.999**10, rtol=1e-6)


def test_state_dict() -> None:
    _, _, average = averaged("ema")
    other = swa_utils.AveragedModel(models(1)[0], multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.9))
    other.load_state_dict(average.state_dict())
    np.testing.assert_array_equal(flat(other), flat(average))
    assert other.n_averaged.item() == 4


def test_update_bn() -> None:
    model = models(1)[0].eval()
    batches = [ts.randn((6, 3)) + shift for shift in (0.0, 1.0, 5.0)]
    swa_utils.update_bn([(x, None) for x in batches], model)
    means = [model[0](x).detach().numpy().mean(0) for x in batches]
    np.testing.assert_allclose(model[1].running_mean.numpy(), np.mean(means, 0), rtol=1e-5, atol=1e-6)
    assert model[1].momentum == 0.1
    assert not model.training


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("epochs", [0, 4])
def test_swalr(strategy: str, epochs: int) -> None:
    opt = optim.SGD([{"params": [nn.Parameter(ts.zeros(1))], "lr": lr} for lr in (0.1, 1.0)], lr=0.1)
    scheduler = swa_utils.SWALR(opt, [0.05, 2.0], epochs, strategy)
    for step in range(1, 8):
        opt.step()
        scheduler.step()
        done = min(step / epochs, 1.0) if epochs else 1.0
        share = done if strategy == "linear" else (1 - math.cos(math.pi * done)) / 2
        assert scheduler.get_last_lr() == pytest.approx([0.1 - 0.05 * share, 1 + share])


def test_wrong_use() -> None:
    opt = optim.SGD([nn.Parameter(ts.zeros(1))], lr=0.1)
    with pytest.raises(ValueError, match='anneal_strategy must be "cos" or "linear", got \'exp\''):
        swa_utils.SWALR(opt, 0.1, anneal_strategy="exp")
    with pytest.raises(ValueError, match="anneal_epochs must be an integer of at least 0, got -1"):
        swa_utils.SWALR(opt, 0.1, anneal_epochs=-1)
    with pytest.raises(ValueError, match="wanted 1 values of swa_lr, got 2"):
        swa_utils.SWALR(opt, [0.1, 0.2])
    with pytest.raises(ValueError, match="decay must be from 0 to 1, got 1.5"):
        swa_utils.get_ema_multi_avg_fn(1.5)
    with pytest.raises(ValueError, match="avg_fn or multi_avg_fn, not both"):
        swa_utils.AveragedModel(
            models(1)[0], avg_fn=swa_utils.get_swa_avg_fn(), multi_avg_fn=swa_utils.get_swa_multi_avg_fn()
        )
    with pytest.raises(ValueError, match="wanted the model that this is an average of"):
        swa_utils.AveragedModel(models(1)[0]).update_parameters(nn.Linear(3, 3))


@pytest.mark.peers
@pytest.mark.parametrize("kind", ["mean", "ema"])
def test_like_torch(kind: str) -> None:
    torch = pytest.importorskip("torch")
    utils = torch.optim.swa_utils
    rng = np.random.default_rng(0)
    mine, theirs = nn.Linear(3, 2), torch.nn.Linear(3, 2)
    options = (
        [{}, {}] if kind == "mean" else [{"multi_avg_fn": x.get_ema_multi_avg_fn(0.9)} for x in (swa_utils, utils)]
    )
    a, b = swa_utils.AveragedModel(mine, **options[0]), utils.AveragedModel(theirs, **options[1])
    for _ in range(20):
        weight = rng.normal(size=(2, 3)).astype("f4")
        with ts.no_grad(), torch.no_grad():
            mine.weight.copy_(ts.from_numpy(weight))
            theirs.weight.copy_(torch.tensor(weight))
        a.update_parameters(mine)
        b.update_parameters(theirs)
        np.testing.assert_allclose(
            a.module.weight.detach().numpy(), b.module.weight.detach().numpy(), rtol=1e-5, atol=1e-6
        )
    assert a.state_dict().keys() == b.state_dict().keys()
