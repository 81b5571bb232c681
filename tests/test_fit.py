"""fit: learning, resuming bit for bit, Ctrl-C, early stop, callbacks, evaluation, summary."""

from __future__ import annotations

import csv
import math
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import tilestack as ts
from tilestack import nn, optim, train
from tilestack.data import DataLoader, TensorDataset
from tilestack.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR


def digits(n: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points of three classes that lie apart."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return (rng.normal(size=(n, 4)) * 0.3 + np.eye(3, 4)[y]).astype(np.float32), y


def net() -> nn.Module:
    ts.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3))


def weights(model: nn.Module) -> list[np.ndarray]:
    return [value.numpy().copy() for value in model.state_dict().values()]


def assert_same(a: nn.Module, b: nn.Module) -> None:
    for x, y in zip(weights(a), weights(b), strict=True):
        np.testing.assert_array_equal(x, y)


class StopAt(train.Callback):
    """Does something after a number of steps."""

    def __init__(self, step: int, action) -> None:
        self.step, self.action = step, action

    def on_step(self, run) -> None:
        if run.step == self.step:
            self.action()


def test_learns() -> None:
    model = net()
    history = train.fit(model, digits(300), epochs=10, validation=digits(100, seed=1), seed=0, progress=False)
    assert len(history) == 10
    assert history.columns[:7] == ["epoch", "step", "lr", "loss", "accuracy", "val_loss", "val_accuracy"]
    assert history["loss"][-1] < history["loss"][0]
    assert history["val_accuracy"][-1] > 0.9
    assert history["step"][-1] == 100
    assert train.evaluate(model, digits(100, seed=1), metrics=["accuracy"])["accuracy"] == history["val_accuracy"][-1]
    assert "val_accuracy" in repr(history)
    with pytest.raises(KeyError, match="no column 'f1'"):
        history["f1"]


def test_same_seed_same_model() -> None:
    models = []
    for workers in (0, 2):
        models.append(net())
        train.fit(models[-1], digits(), epochs=2, batch_size=16, seed=3, progress=False, num_workers=workers)
    assert_same(*models)


class Crash(Exception):
    pass


class CrashAfter(train.Callback):
    """Ends the run as a power cut would, right after the checkpoint of a step."""

    def __init__(self, step: int = -1) -> None:
        self.step = step

    def on_gradients(self, run) -> None:
        if run.step == self.step:
            raise Crash


def run_with_everything(folder, crash: int = -1, resume: bool = False, schedule: str = "epoch", workers: int = 0):
    """4 batches an epoch, 3 epochs, with all that has state."""
    model = net()
    optimizer = optim.AdamW(model.parameters(), lr=0.05)
    norms = train.GradientNorms(every=2)
    history = train.fit(
        model,
        digits(),
        batch_size=16,
        optimizer=optimizer,
        epochs=3,
        validation=digits(20, seed=1),
        scheduler=CosineAnnealingLR(optimizer, 20),
        schedule=schedule,
        clip=1.0,
        callbacks=[norms, CrashAfter(crash)],
        early_stop=5,
        checkpoint=folder,
        checkpoint_every=1,
        resume=resume,
        progress=False,
        seed=7,
        num_workers=workers,
    )
    rows = [{k: v for k, v in row.items() if "second" not in k} for row in history.rows]
    return model, rows, norms.rows


@pytest.mark.parametrize("schedule", ["epoch", "step"])
@pytest.mark.parametrize("step", [1, 3, 4, 6, 8, 11])
def test_resume_bit_for_bit(tmp_path, step: int, schedule: str) -> None:
    whole, *want = run_with_everything(tmp_path / "whole", schedule=schedule)
    with pytest.raises(Crash):
        run_with_everything(tmp_path / "parts", crash=step, schedule=schedule)
    parts, *got = run_with_everything(tmp_path / "parts", resume=True, schedule=schedule, workers=2)
    assert_same(whole, parts)
    assert got == want
    again, *got = run_with_everything(tmp_path / "parts", resume=True, schedule=schedule)
    assert_same(whole, again)
    assert got == want


def test_resume_that_does_not_fit(tmp_path) -> None:
    with pytest.raises(ValueError, match="resume and checkpoint_every need checkpoint"):
        train.fit(net(), digits(), resume=True)
    train.fit(net(), digits(), checkpoint=tmp_path, progress=False)
    other = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.2), nn.Linear(5, 3))
    before = weights(other)
    with pytest.raises(ValueError, match=r"must have shape|does not fit"):
        train.fit(other, digits(), checkpoint=tmp_path, resume=True, epochs=2, progress=False)
    for x, y in zip(before, weights(other), strict=True):
        np.testing.assert_array_equal(x, y)
    with pytest.raises(ValueError, match="was written with callbacks none; now CSVLog"):
        train.fit(net(), digits(), checkpoint=tmp_path, resume=True, callbacks=[train.CSVLog(tmp_path / "log.csv")])
    ts.save_file({"x": ts.zeros(1)}, tmp_path / "checkpoint.safetensors")
    with pytest.raises(ValueError, match="is a safetensors file but not a checkpoint"):
        train.fit(net(), digits(), checkpoint=tmp_path, resume=True)


def test_checkpoint_holds_nested_values(tmp_path) -> None:
    state = {"a": [1, (2.5, None)], "b": {3: ts.arange(3), "c": {}}, "d": math.inf, "e": "text", "f": True}
    train.save_checkpoint(tmp_path / "x", state)
    loaded = train.load_checkpoint(tmp_path / "x")
    assert loaded["b"].pop(3).tolist() == [0, 1, 2]
    state["b"].pop(3)
    assert loaded == state
    with pytest.raises(TypeError, match=r"a\.0 must be made of tensors, numbers and strings, got set"):
        train.save_checkpoint(tmp_path / "x", {"a": [set()]})
    assert train.load_checkpoint(tmp_path / "x")["e"] == "text"
    with pytest.raises(FileNotFoundError):
        train.load_checkpoint(tmp_path / "none")


def test_interrupt_saves_and_resumes(tmp_path, capfd) -> None:
    whole, *want = run_with_everything(tmp_path / "whole")
    before = signal.getsignal(signal.SIGINT)
    for step in (2, 6, 8):
        model = net()
        optimizer = optim.AdamW(model.parameters(), lr=0.05)
        folder = tmp_path / str(step)

        class Press(CrashAfter):
            def on_step(self, run, step=step) -> None:
                if run.step == step:
                    signal.raise_signal(signal.SIGINT)

        Press.__name__ = "CrashAfter"
        history = train.fit(
            model, digits(), batch_size=16, optimizer=optimizer, epochs=3, validation=digits(20, seed=1), seed=7,
            clip=1.0, scheduler=CosineAnnealingLR(optimizer, 20), callbacks=[train.GradientNorms(every=2), Press()],
            early_stop=5, checkpoint=folder, progress=False,
        )  # fmt: skip
        assert history.interrupted
        assert history.stopped == "Ctrl-C"
        said = capfd.readouterr().err
        assert f"stopped by Ctrl-C after step {step} " in said
        assert f"saved {folder / 'checkpoint.safetensors'}; go on with resume=True" in said
        assert signal.getsignal(signal.SIGINT) is before
        parts, *got = run_with_everything(folder, resume=True)
        assert_same(whole, parts)
        assert got == want


def test_second_interrupt_stops_at_once(capfd) -> None:
    def press() -> None:
        signal.raise_signal(signal.SIGINT)  # of this thread: others may take up what is sent to the process, later

    class Twice(StopAt):
        def on_gradients(self, run) -> None:
            if run.step == 3:
                press()
                press()
                pytest.fail("still running")

    with pytest.raises(KeyboardInterrupt):
        train.fit(net(), digits(), batch_size=4, callbacks=[Twice(-1, None)], progress=False)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    history = train.fit(net(), digits(), batch_size=4, callbacks=[StopAt(3, press)], progress=False)
    assert history.interrupted
    assert "no checkpoint folder was given" in capfd.readouterr().err


def test_interrupt_of_a_process(tmp_path) -> None:
    """What a user does: Ctrl-C in a terminal."""
    script = f"""
import numpy as np, time, tilestack as ts
from tilestack import nn, train
class Slow(train.Callback):
    def on_step(self, run):
        print("step", run.step, flush=True)
        time.sleep(0.01)
x = np.zeros((64, 4), np.float32)
history = train.fit(nn.Linear(4, 2), (x, np.zeros(64, np.int64)), epochs=1000, checkpoint={str(tmp_path)!r},
                    callbacks=[Slow()], progress=False)
print("interrupted", history.interrupted)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=-1, stderr=-1, text=True, env=os.environ)
    assert process.stdout is not None
    while process.stdout.readline() != "step 3\n":
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out.endswith("interrupted True\n")
    assert "stopping after this step" in err
    assert train.load_checkpoint(tmp_path / "checkpoint.safetensors")["step"] >= 3


def test_runs_in_a_thread() -> None:
    results: list[train.History] = []
    thread = threading.Thread(target=lambda: results.append(train.fit(net(), digits(), progress=False)))
    thread.start()
    thread.join()
    assert len(results[0]) == 1


def test_early_stop_restores_the_best(tmp_path) -> None:
    model = net()
    scores = iter([0.5, 0.8, 0.7, 0.6, 0.9])
    kept = []

    class Score(train.Callback):
        def on_epoch_end(self, run, row) -> None:
            row["score_accuracy"] = next(scores)
            kept.append(weights(run.model))

    stop = train.EarlyStop("score_accuracy", patience=2)
    history = train.fit(model, digits(), epochs=9, callbacks=[Score(), stop], checkpoint=tmp_path, progress=False)
    assert len(history) == 4
    assert history.stopped == "no improvement for 2 epochs"
    assert not history.interrupted
    for x, y in zip(kept[1], weights(model), strict=True):
        np.testing.assert_array_equal(x, y)
    with pytest.raises(ValueError, match="no 'f1' is logged; there are epoch"):
        train.fit(net(), digits(), early_stop=train.EarlyStop("f1"), progress=False)
    with pytest.raises(ValueError, match="patience must be at least 1"):
        train.EarlyStop(patience=0)


def test_callbacks_write_files(tmp_path) -> None:
    model, norms = net(), train.GradientNorms(every=3)
    callbacks = [train.CSVLog(tmp_path / "new" / "log.csv"), train.Checkpoint(tmp_path / "best.safetensors"), norms]
    history = train.fit(model, digits(), batch_size=16, epochs=2, callbacks=callbacks, progress=False)
    with open(tmp_path / "new" / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == history["loss"]
    assert set(ts.load_file(tmp_path / "best.safetensors")) == set(model.state_dict())
    assert [row["step"] for row in norms.rows] == [0, 3, 6]
    assert norms.rows[0].keys() == {"step", *(name for name, _ in model.named_parameters())}
    assert all(row["0.weight"] > 0 for row in norms.rows)


def test_stop_within_an_epoch(tmp_path) -> None:
    class Stop(train.Callback):
        def on_step(self, run) -> None:
            if run.step == 2:
                run.stop("enough")

    history = train.fit(net(), digits(), batch_size=16, callbacks=[Stop()], checkpoint=tmp_path, progress=False)
    assert (history.stopped, len(history)) == ("enough", 0)
    assert train.load_checkpoint(tmp_path / "checkpoint.safetensors")["step"] == 2


def test_data_that_is_not_finite() -> None:
    x, y = digits(64)
    x[37, 2] = np.nan
    model = net()
    before = weights(model)
    loader = DataLoader(TensorDataset(x, y), 64)
    with pytest.raises(FloatingPointError, match=r"input of epoch 1, batch 1 holds NaN .* 1 of 256 .* at \(37, 2\)"):
        train.fit(model, loader, progress=False)
    for a, b in zip(before, weights(model), strict=True):
        np.testing.assert_array_equal(a, b)


def test_loss_that_is_not_finite() -> None:
    model = nn.Linear(4, 3)
    with ts.no_grad():
        model.weight.fill_(3e38)
    with pytest.raises(
        FloatingPointError, match=r"the loss is (nan|inf) at epoch 1, batch 1, although the data is finite"
    ):
        train.fit(model, digits(), progress=False)


def test_one_cycle_steps_each_batch() -> None:
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = OneCycleLR(optimizer, 0.1, total_steps=8)
    train.fit(model, digits(), batch_size=16, epochs=2, optimizer=optimizer, scheduler=scheduler, progress=False)
    assert scheduler.last_epoch == 8


def test_regression_with_own_loss_and_metric() -> None:
    x = np.random.default_rng(0).normal(size=(80, 2)).astype(np.float32)
    y = x @ np.array([[1.0], [-2.0]], dtype=np.float32)

    def worst(output, target):
        return (output - target).abs().max()

    model = nn.Linear(2, 1)
    batches = [(ts.from_numpy(x[i : i + 20]), ts.from_numpy(y[i : i + 20])) for i in range(0, 80, 20)]
    history = train.fit(
        model, iter_again(batches), loss=nn.MSELoss(), metrics=[worst], optimizer=optim.SGD(model.parameters(), lr=0.1),
        epochs=30, progress=False,
    )  # fmt: skip
    assert history["loss"][-1] < 1e-4
    assert history["worst"][-1] < 0.1
    np.testing.assert_allclose(model.weight.detach().numpy(), [[1, -2]], atol=0.05)


class iter_again:
    def __init__(self, batches) -> None:
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)


@pytest.mark.parametrize(
    ("data", "options", "error", "text"),
    [
        ((np.zeros((0, 4), np.float32), np.zeros(0, np.int64)), {}, ValueError, "the data set is empty"),
        (3, {}, TypeError, "data must be a DataLoader, a data set or a tuple of arrays, got int"),
        (digits(), {"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        (digits(), {"schedule": "batch"}, ValueError, 'schedule must be "epoch" or "step"'),
        (digits(), {"metrics": ["f1"]}, ValueError, "no metric 'f1'; there is accuracy"),
        (iter_again([]), {}, ValueError, "train_data gave no batches"),
        (iter_again([ts.zeros(2, 4)]), {}, TypeError, r"a batch must be \(input, ..., target\), got a tensor of shape"),
        ((np.zeros((5, 3), np.float32), np.zeros(5, np.int64)), {}, ValueError, "^0: linear: "),
    ],
)
def test_bad_arguments(data, options, error, text: str) -> None:
    with pytest.raises(error, match=text):
        train.fit(net(), data, progress=False, **options)


def test_evaluate_keeps_modes() -> None:
    model = net()
    model[1].eval()
    before = weights(model)
    scores = train.evaluate(model, DataLoader(TensorDataset(*digits(50)), 7), metrics={"acc": train.accuracy})
    assert [module.training for module in model] == [True, False, True, True, True]
    for a, b in zip(before, weights(model), strict=True):
        np.testing.assert_array_equal(a, b)
    x, y = digits(50)
    with train.evaluate.__globals__["in_evaluation"](model), ts.no_grad():
        assert scores["acc"] == (model(ts.from_numpy(x)).numpy().argmax(1) == y).mean()
    with pytest.raises(ValueError, match="has no samples"):
        train.evaluate(model, DataLoader(TensorDataset(ts.zeros(0, 4), ts.zeros(0, dtype=ts.int64)), 4))


def test_progress(capfd) -> None:
    train.fit(net(), digits(), epochs=2)
    out = capfd.readouterr().out.splitlines()
    assert len(out) == 2
    assert out[1].startswith("epoch 2/2  loss ")
    assert out[1].endswith(" samples/s")
    train.fit(net(), digits(), epochs=1, progress=True)
    bar = capfd.readouterr().err
    assert "epoch 1/1" in bar
    assert "accuracy=" in bar
    assert "samples/s" in bar


def test_summary() -> None:
    model = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 64, 10))
    model[0].bias.requires_grad = False
    result = ts.summary(model, (2, 1, 8, 8))
    assert [layer.output for layer in result.layers[1:]] == [(2, 6, 8, 8), (2, 6, 8, 8), (2, 384), (2, 10)]
    assert (result.parameters, result.trainable) == (156 + 3850, 150 + 3850)
    assert result.multiply_adds == 2 * 6 * 64 * 25 + 2 * 384 * 10
    assert "0 (Conv2d)" in str(result)
    assert "4,006 parameters (6 frozen), 0.02 MB" in str(result)
    assert model.training
    assert all(module._hooks is None for module in model.modules())
    with pytest.raises(ValueError, match=r"^3: linear: "):
        ts.summary(model, (1, 1, 9, 9))
    assert ts.summary(nn.Embedding(5, 2), (1, 3), dtype=ts.int64).layers[0].output == (1, 3, 2)
