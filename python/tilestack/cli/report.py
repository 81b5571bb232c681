"""The report of `tilestack train`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

import tilestack as ts
from tilestack.data.mnist import Mnist
from tilestack.diagnose import Mistake, Report

from . import machine

if TYPE_CHECKING:
    from .train import Result, Settings

NAMES = {"lenet": "LeNet", "mlp": "MLP", "mnist-sample": "MNIST", "mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}
MISTAKES = 22


def make_report(result: Result, settings: Settings, data: Mnist) -> Report:
    labels = data.test_labels.astype(np.int64)
    read = result.chances.argmax(1)
    last = result.rows[-1]
    weights = sum(p.numel() for p in result.model.parameters())
    seen = len(data.train_images) * len(result.rows)
    return Report(
        title=f"{NAMES[settings.model]} on {NAMES.get(data.name, data.name)}",
        subtitle=f"{len(data.train_images):,} images to train on, {len(labels):,} held back and never trained on",
        tiles=[
            ("Accuracy", f"{(read == labels).mean():.2%}", f"{(read == labels).sum():,} of {len(labels):,} held back"),
            ("Loss", f"{last['val_loss']:.4f}", "cross-entropy, held back"),
            ("Training", f"{result.seconds:.1f} s", f"{len(result.rows)} epochs, {last['step']:,} steps"),
            ("Speed", f"{seen / result.seconds:,.0f}", "images per second"),
            ("Weights", f"{weights:,}", f"{4 * weights / 1e6:.2f} MB in float32"),
        ],
        epochs=result.rows,
        step_losses=result.step_losses,
        gradient_norms=_norms_by_layer(result.gradient_norms),
        gradient_steps=[row["step"] for row in result.gradient_norms],
        filters=_first_filters(result.model),
        confusion=np.bincount(labels * len(data.classes) + read, minlength=len(data.classes) ** 2).reshape(
            len(data.classes), -1
        ),
        classes=data.classes,
        mistakes=_worst_mistakes(result.chances, read, labels, data),
        settings=_settings(settings, result),
        timings=_timings(result),
        footer=f"Written by tilestack {ts.__version__}, {time.strftime('%Y-%m-%d %H:%M')}.",
    )


def _norms_by_layer(rows: list[dict[str, float]]) -> dict[str, list[float]]:
    """Of the weight matrices; biases follow them."""
    names = [name for name in (rows[0] if rows else {}) if name.endswith("weight")]
    return {name.removesuffix(".weight"): [row[name] for row in rows] for name in names}


def _first_filters(model: ts.nn.Module) -> np.ndarray:
    weight = next(p for name, p in model.named_parameters() if name.endswith("weight"))
    array = weight.detach().to("cpu").numpy()
    return array if array.ndim == 4 else array.reshape(len(array), 1, 28, 28)


def _worst_mistakes(chances: np.ndarray, read: np.ndarray, labels: np.ndarray, data: Mnist) -> list[Mistake]:
    wrong = np.flatnonzero(read != labels)
    surest = wrong[np.argsort(-chances[wrong, read[wrong]], kind="stable")][:MISTAKES]
    return [
        Mistake(data.test_images[i], data.classes[labels[i]], data.classes[read[i]], float(chances[i, read[i]]))
        for i in surest
    ]


def _settings(settings: Settings, result: Result) -> list[tuple[str, str]]:
    layers = [type(module).__name__ for module in result.model.modules() if not list(module.children())]
    return [
        ("Model", f"{NAMES[settings.model]}: {', '.join(layers)}"),
        ("Data", f"{settings.data}, normalised by mean {result.config.mean} and deviation {result.config.std}"),
        ("Epochs", f"{settings.epochs}, batches of {settings.batch_size}"),
        ("Optimizer", f"AdamW, learning rate {settings.lr:g} falling to 0 by a cosine, weight decay 0.01"),
        ("Augmentation", "small turns, shifts and stretches"),
        ("Seed", str(settings.seed)),
    ]


def _timings(result: Result) -> list[tuple[str, str]]:
    seconds = [row["seconds"] for row in result.rows]
    return [
        *machine.facts(),
        ("Training", f"{result.seconds:.2f} s; an epoch {min(seconds):.2f} to {max(seconds):.2f} s"),
    ]
