"""tilestack train mnist, tilestack train cifar."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import tilestack as ts
from tilestack import nn, optim
from tilestack.data import DataLoader
from tilestack.data.cifar import load_cifar
from tilestack.data.labelled_images import LabelledImages
from tilestack.data.mnist import load_mnist
from tilestack.train import GradientNorms, fit
from tilestack.vision import ImageDataset, random_affine
from tilestack.vision.augment import random_shift_and_mirror

from . import classifier
from .runs import RunLog, prepare, print_results, use_machine, write_results

WEIGHT_DECAY = 0.01
LOADERS: dict[str, Any] = {"mnist": load_mnist, "cifar": load_cifar}
RATES = {"lenet": 0.003, "mlp": 0.001, "alexnet": 0.001}


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
    """Run `tilestack train mnist` or `tilestack train cifar` with the parsed options."""
    use_machine(args)
    data = LOADERS[args.task](args.data)
    settings = Settings(
        model=args.model,
        data=data.name,
        epochs=args.epochs or (15 if len(data.train_images) <= 10_000 else 12),
        batch_size=args.batch_size,
        lr=args.lr or RATES[args.model],
        seed=args.seed,
        device=args.device,
    )
    folder = Path(args.out or f"runs/{data.name.removesuffix('-sample')}-{args.model}")
    prepare(folder, settings, args.resume)
    train_size, test_size = len(data.train_images), len(data.test_images)
    print(f"{settings.model} on {data.name}: {train_size:,} images to train on, {test_size:,} held back")
    result = run(settings, data, folder, args.resume)
    if result is None:
        print(f"go on with: tilestack train {args.task} --resume, with the same options, --out {folder}")
        return 130
    _write(result, settings, data, folder)
    return 0


def run(settings: Settings, data: LabelledImages, folder: Path, resume: bool = False) -> Result | None:
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
        scheduler=_scheduler(optimizer, settings, steps),
        schedule="step",
        callbacks=[log, norms],
        checkpoint=folder,
        resume=resume,
    )
    if history.interrupted:
        return None
    chances = classifier.probabilities(model, config, data.test_images)
    return Result(model, config, history.rows, log.losses, norms.rows, chances, sum(history["seconds"]))


def _scheduler(optimizer: optim.Optimizer, settings: Settings, steps: int) -> optim.lr_scheduler.LRScheduler:
    """Down by a cosine; for photos also up, since a deep net starts badly at the largest rate."""
    if settings.data == "cifar-10":
        return optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=steps)
    return optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)


def _config(settings: Settings, data: LabelledImages) -> classifier.Config:
    counts = np.bincount(data.train_images.ravel(), minlength=256) / data.train_images.size
    levels = np.arange(256) / 255
    mean = float(counts @ levels)
    std = float(np.sqrt(counts @ (levels - mean) ** 2))
    size, *colours = data.train_images.shape[2:]
    scale = {"mean": round(mean, 4), "std": max(round(std, 4), 1e-4)}
    return classifier.Config(settings.model, data.name, data.classes, **scale, size=size, channels=sum(colours) or 1)


def _augment(name: str) -> Any:
    if name == "cifar-10":
        return random_shift_and_mirror
    if name == "fashion-mnist":
        return partial(random_affine, degrees=3, shift=1, scale=0.05)
    return partial(random_affine, degrees=10, shift=2, scale=0.1)


def _write(result: Result, settings: Settings, data: LabelledImages, folder: Path) -> None:
    from .report import make_report

    model_file = classifier.save(result.model, result.config, folder)
    write_results(folder, result.rows, make_report(result, settings, data).html())
    right = int((result.chances.argmax(1) == data.test_labels).sum())
    total = len(data.test_labels)
    print(f"{right:,} of {total:,} held-back images are right ({right / total:.2%}); trained in {result.seconds:.1f} s")
    print_results(model_file)
