"""tilestack train."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import tilestack as ts
from tilestack import nn, optim
from tilestack.data import DataLoader
from tilestack.data.mnist import Mnist, load_mnist
from tilestack.train import Callback, GradientNorms, Run, fit, load_checkpoint
from tilestack.train.fit import CHECKPOINT
from tilestack.vision import ImageDataset, random_affine

from . import CommandError, classifier

WEIGHT_DECAY = 0.01


@dataclass(frozen=True)
class Settings:
    """What decides the result, together with the data."""

    model: str
    data: str
    epochs: int
    batch_size: int
    lr: float
    seed: int
    device: str


@dataclass
class Result:
    model: nn.Module
    config: classifier.Config
    rows: list[dict[str, Any]]
    step_losses: list[float]
    gradient_norms: list[dict[str, Any]]
    chances: np.ndarray  # (test images, classes)
    seconds: float  # in training


def train(args: argparse.Namespace) -> int:
    """Run `tilestack train mnist` with the parsed options."""
    if args.device == "cuda" and not ts.cuda.is_available():
        raise CommandError(f"--device cuda: {ts.cuda.why_not()}")
    if args.threads:
        ts.set_num_threads(args.threads)
    data = load_mnist(args.data)
    settings = Settings(
        model=args.model,
        data=data.name,
        epochs=args.epochs or (15 if len(data.train_images) <= 10_000 else 12),
        batch_size=args.batch_size,
        lr=args.lr or (0.003 if args.model == "lenet" else 0.001),
        seed=args.seed,
        device=args.device,
    )
    folder = Path(args.out or f"runs/{data.name.removesuffix('-sample')}-{args.model}")
    _prepare(folder, settings, args.resume)
    train_size, test_size = len(data.train_images), len(data.test_images)
    print(f"{settings.model} on {data.name}: {train_size:,} images to train on, {test_size:,} held back")
    result = run(settings, data, folder, args.resume)
    if result is None:
        print(f"go on with: tilestack train mnist --resume, with the same options, --out {folder}")
        return 130
    _write(result, settings, data, folder)
    return 0


def run(settings: Settings, data: Mnist, folder: Path, resume: bool = False) -> Result | None:
    """Train. None if Ctrl-C ended it."""
    ts.manual_seed(settings.seed)
    config = _config(settings, data)
    model = config.build().to(settings.device)
    optimizer = optim.AdamW(model.parameters(), lr=settings.lr, weight_decay=WEIGHT_DECAY)
    make = partial(ImageDataset, mean=config.mean, std=config.std, seed=settings.seed)
    training = make(data.train_images, data.train_labels, augment=_augment(data.name))
    loader = DataLoader(training, settings.batch_size, shuffle=True, seed=settings.seed, num_workers=1)
    steps = settings.epochs * len(loader)
    log, norms = RunLog(settings), GradientNorms(every=max(1, steps // 200))
    history = fit(
        model,
        loader,
        optimizer=optimizer,
        epochs=settings.epochs,
        validation=make(data.test_images, data.test_labels),
        scheduler=optim.lr_scheduler.CosineAnnealingLR(optimizer, steps),
        schedule="step",
        callbacks=[log, norms],
        checkpoint=folder,
        resume=resume,
    )
    if history.interrupted:
        return None
    chances = classifier.probabilities(model, config, data.test_images)
    return Result(model, config, history.rows, log.losses, norms.rows, chances, sum(history["seconds"]))


class RunLog(Callback):
    """Notes the loss of every step, and in checkpoints the settings that a resumed run must have too."""

    def __init__(self, settings: Settings) -> None:
        self.settings = asdict(settings)
        self.losses: list[float] = []
        self._before = (0.0, 0)

    def on_epoch_start(self, run: Run) -> None:
        self._before = (run.meter.sums.get("loss", 0.0), run.meter.samples)

    def on_step(self, run: Run) -> None:
        total, samples = run.meter.sums["loss"], run.meter.samples
        self.losses.append((total - self._before[0]) / max(samples - self._before[1], 1))
        self._before = (total, samples)

    def state_dict(self) -> dict[str, Any]:
        return {"settings": self.settings, "losses": self.losses}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.losses = list(state["losses"])


def _config(settings: Settings, data: Mnist) -> classifier.Config:
    pixels = data.train_images.astype(np.float32) / 255
    mean, std = float(pixels.mean(dtype=np.float64)), float(pixels.std(dtype=np.float64))
    return classifier.Config(settings.model, data.name, data.classes, round(mean, 4), max(round(std, 4), 1e-4))


def _augment(name: str) -> Any:
    if name == "fashion-mnist":
        return partial(random_affine, degrees=3, shift=1, scale=0.05)
    return partial(random_affine, degrees=10, shift=2, scale=0.1)


def _prepare(folder: Path, settings: Settings, resume: bool) -> None:
    """Find out before the training whether the results can be written, and whether another run is in the way."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CommandError(f"--out {folder}: cannot write there: {error.strerror}") from None
    checkpoint = folder / CHECKPOINT
    if resume and not checkpoint.exists():
        raise CommandError(f"--resume: there is no unfinished run in {folder}")
    if resume:
        _require_same(settings, checkpoint)
    elif checkpoint.exists():
        raise CommandError(
            f"{folder} holds an unfinished run: --resume goes on with it, --out DIR writes elsewhere, and without "
            f"{checkpoint} this command starts anew"
        )


def _require_same(settings: Settings, checkpoint: Path) -> None:
    callbacks = dict(load_checkpoint(checkpoint).get("callbacks", ()))
    if RunLog.__name__ not in callbacks:
        raise CommandError(f"--resume: {checkpoint} is not of this command")
    for name, value in callbacks[RunLog.__name__]["settings"].items():
        if getattr(settings, name) != value:
            raise CommandError(f"--resume: that run has {name} {value}, not {getattr(settings, name)}")


def _write(result: Result, settings: Settings, data: Mnist, folder: Path) -> None:
    from tilestack.io import atomic_write_text

    from .report import make_report

    model_file = classifier.save(result.model, result.config, folder)
    log_file, report_file = folder / "log.csv", folder / "report.html"
    atomic_write_text(log_file, csv_of(result.rows))
    atomic_write_text(report_file, make_report(result, settings, data).html())
    (folder / CHECKPOINT).unlink(missing_ok=True)
    right = int((result.chances.argmax(1) == data.test_labels).sum())
    total = len(data.test_labels)
    print(f"{right:,} of {total:,} held-back images are right ({right / total:.2%}); trained in {result.seconds:.1f} s")
    for name, path in (("model", model_file), ("log", log_file), ("report", report_file)):
        print(f"  {name + ':':<8}{path}")


def csv_of(rows: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(names), *(",".join(str(row.get(name, "")) for name in names) for row in rows)]
    return "\n".join(lines) + "\n"
