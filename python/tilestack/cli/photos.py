"""tilestack train photos."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import tilestack as ts
from tilestack import nn, optim
from tilestack.data import DataLoader
from tilestack.models import EfficientNetLite
from tilestack.train import Callback, EarlyStop, GradientNorms, History, evaluate, fit
from tilestack.vision.augment import random_view
from tilestack.vision.dataset import batch_rng
from tilestack.vision.folders import PhotoDataset, Photos, find_classes, hold_back
from tilestack.vision.photos import as_batch, centre_crop, read_photo
from tilestack.vision.tagging import map_ahead, probabilities

from . import _named
from .runs import RunLog, prepare, print_results, use_machine, write_results
from .tag import load_model

WEIGHT_DECAY = 0.01
HEAD_EPOCHS, HEAD_LR = 60, 3e-3  # of the last layer alone
READ_AT_ONCE = 16  # photos
FEW = 10  # held-back photos of a class, below which its accuracy says little


@dataclass(frozen=True)
class Settings:
    """What decides the result, together with the photos."""

    data: str
    weights: str
    epochs: int
    batch_size: int
    lr: float
    held_back: float
    seed: int
    device: str


@dataclass
class Result:
    """held: which photos were held back, (n) bool; chances: of those, (held back, classes)."""

    model: EfficientNetLite
    photos: Photos
    held: np.ndarray
    rows: list[dict[str, Any]]
    step_losses: list[float]
    gradient_norms: list[dict[str, Any]]
    chances: np.ndarray
    seconds: float  # in training


def train(args: argparse.Namespace) -> int:
    """Run `tilestack train photos` with the parsed options."""
    use_machine(args)
    photos = find_classes(args.folder)
    settings = Settings(
        data=args.folder,
        weights=args.weights or "efficientnet-lite0",
        **{name: getattr(args, name) for name in ("epochs", "batch_size", "lr", "held_back", "seed", "device")},
    )
    pretrained = load_model(args.weights, args.device)
    folder = Path(args.out)
    prepare(folder, settings, args.resume)
    result = run(settings, pretrained, photos, folder, args.resume)
    if result is None:
        print(f"go on with: tilestack train photos {args.folder} --resume, with the same options, --out {folder}")
        return 130
    _write(result, settings, folder)
    return 0


def run(
    settings: Settings, pretrained: EfficientNetLite, photos: Photos, folder: Path, resume: bool = False
) -> Result | None:
    """Train: the last layer alone, then all layers; what was best for the photos held back is kept. None if Ctrl-C ended
    it."""
    views, readable = read_views(pretrained, photos, settings.seed)
    photos = photos.only(readable)
    held = hold_back(photos.labels, settings.held_back, settings.seed)
    print(
        f"{len(photos.paths):,} photos of {len(photos.classes)} classes: {(~held).sum():,} to train on, "
        f"{held.sum():,} held back",
        flush=True,
    )
    ts.manual_seed(settings.seed)
    model = pretrained.with_classes(photos.classes)
    row = train_head(model._fc, views, photos.labels, held, settings.seed)
    print(f"the last layer alone: {row['val_accuracy']:.1%} of those held back are right", flush=True)
    log, rows = RunLog(settings), [row]
    norms = GradientNorms(every=max(1, settings.epochs * len(photos.paths) // settings.batch_size // 100))
    if settings.epochs:
        keep = KeepBest(settings.epochs, model, row["val_loss"])
        history = train_all(model, photos, held, settings, [log, norms, keep], folder, resume)
        if history.interrupted:
            return None
        rows += history.rows
        if keep.best == row["val_loss"]:
            print("no epoch of all layers was better than the last layer alone, which is kept", flush=True)
    seconds = sum(row["seconds"] for row in rows)
    held_back = DataLoader(_part(photos, held, model.size), READ_AT_ONCE, num_workers=ts.get_num_threads())
    model.eval()
    chances = np.concatenate([probabilities(model, x.to(settings.device)) for x, _ in held_back])
    return Result(model, photos, held, rows, log.losses, norms.rows, chances, seconds)


def read_views(model: EfficientNetLite, photos: Photos, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What the last layer gets of the middle and of a random view of each photo, (readable, 2, features) float32, and which
    photos can be read, (n) bool; the others are named on stderr."""
    numbers = {path: i for i, path in enumerate(photos.paths)}

    def load(path: str) -> list[np.ndarray] | OSError | ValueError:
        try:
            photo = read_photo(path, model.size)
        except (OSError, ValueError) as error:
            return error
        rng = batch_rng(seed, np.array([numbers[path]]))
        return [centre_crop(photo, model.size), random_view(photo, model.size, rng)]

    readable = np.ones(len(photos.paths), bool)
    waiting: list[np.ndarray] = []
    features: list[np.ndarray] = []

    def flush() -> None:
        if waiting:
            with ts.no_grad():
                features.append(model.features(as_batch(waiting).to(model._fc.weight.device)).to("cpu").numpy())
        waiting.clear()

    with tqdm(total=len(readable), unit=" photos", leave=False, disable=not sys.stderr.isatty()) as bar:
        for i, views in enumerate(map_ahead(load, photos.paths, 2 * READ_AT_ONCE)):
            if isinstance(views, list):
                waiting += views
            else:
                readable[i] = False
                bar.write(f"tilestack: skipped {_named(photos.paths[i], views)}", file=sys.stderr)
            if len(waiting) >= 2 * READ_AT_ONCE:
                flush()
            bar.update()
        flush()
    stacked = np.concatenate(features) if features else np.zeros((0, model._fc.in_features), np.float32)
    return stacked.reshape(-1, 2, stacked.shape[1]), readable


def train_head(head: nn.Linear, views: np.ndarray, labels: np.ndarray, held: np.ndarray, seed: int) -> dict[str, Any]:
    """Train the last layer on features that stay as they are. Returns a row of the log, of epoch 0."""
    device = head.weight.device
    x, y = (ts.from_numpy(array[~held].reshape(-1, *array.shape[2:])) for array in (views, np.stack([labels] * 2, 1)))
    held_back = (ts.from_numpy(np.ascontiguousarray(views[held, 0])), ts.from_numpy(labels[held]))
    optimizer = optim.AdamW(head.parameters(), lr=HEAD_LR, weight_decay=WEIGHT_DECAY)
    history = fit(
        head,
        (x.to(device), y.to(device)),
        optimizer=optimizer,
        epochs=HEAD_EPOCHS,
        scheduler=optim.lr_scheduler.CosineAnnealingLR(optimizer, HEAD_EPOCHS),
        progress=False,
        seed=seed,
    )
    if history.interrupted:
        raise KeyboardInterrupt
    scores = evaluate(head, held_back, metrics=["accuracy"])
    kept = {name: history.rows[-1][name] for name in ("loss", "accuracy")}
    return {
        "epoch": 0,
        "step": 0,
        "lr": HEAD_LR,
        **kept,
        **{f"val_{name}": value for name, value in scores.items()},
        "seconds": round(sum(history["seconds"]), 3),
    }


class KeepBest(EarlyStop):
    """Stops never, and ends with the best epoch's weights, or those before the first one."""

    def __init__(self, epochs: int, start: nn.Module, val_loss: float) -> None:
        super().__init__("val_loss", patience=epochs + 1)
        self.best = val_loss
        self.weights = {name: value.clone() for name, value in FixedNorms(start).state_dict().items()}


class FixedNorms(nn.Module):
    """A net whose batch norms keep the statistics of their first training: those of a few small batches are worse."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def train(self, mode: bool = True) -> FixedNorms:
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, x: ts.Tensor) -> ts.Tensor:
        return self.net(x)


def train_all(
    model: EfficientNetLite,
    photos: Photos,
    held: np.ndarray,
    settings: Settings,
    callbacks: Sequence[Callback],
    folder: Path,
    resume: bool,
) -> History:
    """Train all layers on random views."""
    loading: dict[str, Any] = {"batch_size": settings.batch_size, "num_workers": ts.get_num_threads()}
    training = DataLoader(_part(photos, ~held, model.size, settings.seed), shuffle=True, seed=settings.seed, **loading)
    tuned = FixedNorms(model)
    optimizer = optim.AdamW(optim.decay_groups(tuned, WEIGHT_DECAY), lr=settings.lr)
    return fit(
        tuned,
        training,
        optimizer=optimizer,
        epochs=settings.epochs,
        validation=DataLoader(_part(photos, held, model.size), **loading),
        scheduler=optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=settings.epochs * len(training)),
        clip=1.0,
        callbacks=callbacks,
        checkpoint=folder,
        resume=resume,
    )


def _part(photos: Photos, chosen: np.ndarray, size: int, seed: int | None = None) -> PhotoDataset:
    """seed: of random views; None gives the middles."""
    paths = [photos.paths[i] for i in np.flatnonzero(chosen)]
    return PhotoDataset(paths, photos.labels[chosen], size, augment=seed is not None, seed=seed or 0)


def _write(result: Result, settings: Settings, folder: Path) -> None:
    from .report import photos_report

    result.model.save(folder)
    write_results(folder, result.rows, photos_report(result, settings).html())
    labels = result.photos.labels[result.held]
    right = int((result.chances.argmax(1) == labels).sum())
    print(
        f"{right:,} of {len(labels):,} held-back photos are right ({right / len(labels):.1%}); trained in "
        f"{result.seconds:.1f} s"
    )
    if np.bincount(labels).min() < FEW:
        print(f"(some classes have fewer than {FEW} photos held back: more would make this figure surer)")
    print_results(folder / "model.safetensors")
    print(f"try it: tilestack tag --weights {folder} PHOTO")
