"""fit with accumulated gradients, an average of the weights, and mixed precision: what they do, and resuming with them."""

from __future__ import annotations

import numpy as np
import pytest

import tilestack as ts
from test_fit import assert_same, digits
from tilestack import nn, optim, train
from tilestack.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def net() -> nn.Module:
    ts.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 16), nn.LayerNorm(16), nn.ReLU(), nn.Linear(16, 3))


def fitted(batch_size: int, accumulate: int, samples: int = 64, **options) -> nn.Module:
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    data = train.batches.as_loader(digits(samples), batch_size, shuffle=False)
    train.fit(model, data, optimizer=optimizer, accumulate=accumulate, epochs=2, progress=False, **options)
    return model


def test_accumulated_batches_are_one_batch() -> None:
    for other in (fitted(8, 2), fitted(4, 4)):
        for a, b in zip(fitted(16, 1).parameters(), other.parameters(), strict=True):
            # Means of means: the sums are rounded in another order.
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-4, atol=1e-6)


def test_accumulation_is_bit_equal_to_a_loop() -> None:
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    x, y = (ts.from_numpy(part) for part in digits(64))
    for _ in range(2):
        for inputs, targets in zip(x.chunk(4), y.chunk(4), strict=True):
            optimizer.zero_grad()
            for part, target in zip(inputs.chunk(2), targets.chunk(2), strict=True):
                (nn.functional.cross_entropy(model(part), target) / 2).backward()
            optimizer.step()
    assert_same(model, fitted(8, 2))


def test_the_last_step_of_an_epoch_may_have_fewer_batches() -> None:
    steps: list[tuple[int, float]] = []

    class Watch(train.Callback):
        def on_gradients(self, run) -> None:
            steps.append((run.step, run.model[0].bias.grad.norm().item()))

    fitted(8, 3, samples=40, callbacks=[Watch()])
    assert [step for step, _ in steps] == [0, 1, 2, 3]
    one: list[float] = []

    class First(train.Callback):
        def on_gradients(self, run) -> None:
            one.append(run.model[0].bias.grad.norm().item())

    fitted(24, 1, samples=40, callbacks=[First()])
    np.testing.assert_allclose([norm for _, norm in steps], one, rtol=1e-3)


def test_ema_is_what_is_validated() -> None:
    model = net()
    ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.8))
    history = train.fit(
        model, digits(), optimizer=optim.SGD(model.parameters(), lr=0.5), ema=ema, epochs=2, batch_size=16, seed=0,
        validation=digits(20, seed=1), progress=False,
    )  # fmt: skip
    assert ema.n_averaged.item() == 8
    scores = train.evaluate(ema, digits(20, seed=1), metrics=["accuracy"])
    assert (history["val_loss"][-1], history["val_accuracy"][-1]) == (scores["loss"], scores["accuracy"])
    assert scores["loss"] != train.evaluate(model, digits(20, seed=1))["loss"]


class Crash(Exception):
    pass


class CrashAfter(train.Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_step(self, run) -> None:
        if run.step == self.step:
            raise Crash


def run_with_everything(folder, crash: int = -1, resume: bool = False, autocast=ts.float16, accumulate: int = 2):
    model = net()
    ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.8))
    history = train.fit(
        model,
        digits(80),
        optimizer=optim.NAdam(model.parameters(), lr=0.05),
        epochs=3,
        batch_size=16,
        validation=digits(20, seed=1),
        clip=1.0,
        accumulate=accumulate,
        autocast=autocast,
        ema=ema,
        callbacks=[CrashAfter(crash)],
        checkpoint=folder,
        checkpoint_every=1,
        resume=resume,
        progress=False,
        seed=7,
    )
    return model, ema, [{k: v for k, v in row.items() if "second" not in k} for row in history.rows]


@pytest.mark.parametrize("step", [2, 3, 5])
def test_resume_bit_for_bit(tmp_path, step: int) -> None:
    whole, whole_ema, want = run_with_everything(tmp_path / "whole")
    with pytest.raises(Crash):
        run_with_everything(tmp_path / "parts", crash=step)
    parts, parts_ema, got = run_with_everything(tmp_path / "parts", resume=True)
    assert_same(whole, parts)
    assert_same(whole_ema, parts_ema)
    assert got == want
    with pytest.raises(ValueError, match="was written with"):
        run_with_everything(tmp_path / "parts", resume=True, autocast=None)


def test_autocast() -> None:
    seen = set()

    class Watch(train.Callback):
        def on_gradients(self, run) -> None:
            seen.add(str(run.model[0].weight.grad.dtype))

    losses = []
    for autocast in (None, ts.bfloat16, ts.float16):
        model = net()
        watched = lambda output, target: (seen.add(str(output.dtype)), nn.functional.cross_entropy(output, target))[1]  # noqa: E731
        history = train.fit(
            model, digits(200), loss=watched, epochs=5, seed=0, autocast=autocast, callbacks=[Watch()],
            optimizer=optim.AdamW(model.parameters(), lr=0.01), validation=digits(40, seed=1), progress=False,
        )  # fmt: skip
        losses.append(history["val_loss"][-1])
    assert seen == {"tilestack.float32", "tilestack.bfloat16", "tilestack.float16"}
    np.testing.assert_allclose(losses[1:], losses[0], rtol=0.05)
    with pytest.raises(ValueError, match="accumulate must be at least 1, got 0"):
        train.fit(net(), digits(), accumulate=0)


def test_a_step_that_overflows_is_left_out() -> None:
    model = net()
    steps = []

    class Overflow(train.Callback):
        seen = 0

        def on_fit_start(self, run) -> None:
            run.scaler.update(new_scale=2.0**40)

        def on_step(self, run) -> None:
            steps.append(run.scaler.get_scale())

    train.fit(model, digits(200), epochs=3, batch_size=16, autocast=ts.float16, clip=1.0, callbacks=[Overflow()],
              seed=0, progress=False)  # fmt: skip
    assert 0 < len(steps) < 39
    assert max(steps) < 2.0**40
    assert all(np.isfinite(p.detach().numpy()).all() for p in model.parameters())
