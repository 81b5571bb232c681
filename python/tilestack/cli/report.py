"""The report of `tilestack train`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import tilestack as ts
from tilestack.data.labelled_images import LabelledImages
from tilestack.diagnose import Mistake, Report
from tilestack.vision.photos import centre_crop, read_photo, resize_photo

from . import machine

if TYPE_CHECKING:
    from . import photos
    from .train import Result, Settings

NAMES = {"alexnet": "AlexNet", "lenet": "LeNet", "mlp": "MLP"}
NAMES |= {"mnist-sample": "MNIST", "mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "cifar-10": "CIFAR-10"}
AUGMENTATION = {"cifar-10": "shifts by up to 4 pixels, mirrored or not"}
FALLS = "{:g} falling to 0 by a cosine"
RATE = {"cifar-10": "up to {:g} and down to 0 by cosines"}
MISTAKES = 22
CLASSES = 25  # in a confusion matrix
LAYERS = 8  # whose gradients are drawn
THUMBNAIL = 128  # pixels


def make_report(result: Result, settings: Settings, data: LabelledImages) -> Report:
    labels = data.test_labels.astype(np.int64)
    read = result.chances.argmax(1)
    confusion, classes = confusion_matrix(labels, read, data.classes)
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
        gradient_norms=_norms_by_layer(result.gradient_norms, result.model),
        gradient_steps=[row["step"] for row in result.gradient_norms],
        filters=_first_filters(result.model, result.config.channels),
        confusion=confusion,
        classes=classes,
        mistakes=_worst_mistakes(result.chances, labels, data.classes, lambda i: data.test_images[i]),
        settings=_settings(settings, result),
        timings=_timings(result),
        footer=footer(),
    )


def photos_report(result: photos.Result, settings: photos.Settings) -> Report:
    """Of `tilestack train photos`."""
    model, found, held = result.model, result.photos, result.held
    labels, read = found.labels[held], result.chances.argmax(1)
    paths = [found.paths[i] for i in np.flatnonzero(held)]
    confusion, classes = confusion_matrix(labels, read, found.classes)
    first, last = result.rows[0], result.rows[-1]
    best = min(result.rows, key=lambda row: row["val_loss"])
    weights = sum(p.numel() for p in model.parameters())
    return Report(
        title=f"Photos of {Path(settings.data).resolve().name}",
        subtitle=f"{len(found.classes)} classes: {(~held).sum():,} photos to train on, {held.sum():,} held back and never "
        "trained on",
        tiles=[
            ("Accuracy", f"{(read == labels).mean():.1%}", f"{(read == labels).sum():,} of {len(labels):,} held back"),
            ("Last layer alone", f"{first['val_accuracy']:.1%}", "held back, before the others were trained"),
            ("Loss", f"{best['val_loss']:.4f}", f"cross-entropy, held back, of epoch {best['epoch']}, which is kept"),
            ("Training", f"{result.seconds:.0f} s", f"{last['epoch']} epochs, {last['step']:,} steps"),
            ("Weights", f"{weights:,}", f"{4 * weights / 1e6:.2f} MB in float32"),
        ],
        epochs=result.rows if len(result.rows) > 1 else [],
        step_losses=result.step_losses,
        loss_note="Cross-entropy, on a logarithmic scale. At 0 only the last layer has been trained; later, training is "
        "measured on random views.",
        gradient_norms=_norms_by_layer(result.gradient_norms, model, "net."),
        gradient_steps=[row["step"] for row in result.gradient_norms],
        filters=_first_filters(model, 3),
        confusion=confusion,
        classes=classes,
        mistakes=_worst_mistakes(result.chances, labels, found.classes, lambda i: _small(paths[i], model.size)),
        settings=[
            ("Model", f"EfficientNet-Lite, photos of {model.size}x{model.size}, weights of {settings.weights}"),
            ("Photos", settings.data),
            ("Last layer alone", "AdamW on features that stay as they are, of the middle and of a random view"),
            (
                "All layers",
                f"{settings.epochs} epochs, batches of {settings.batch_size}; batch norms keep their statistics",
            ),
            ("Optimizer", f"AdamW, learning rate up to {settings.lr:g} and down by a cosine, weight decay 0.01"),
            ("Augmentation", "random crops, mirrored or not, brightness, contrast and saturation"),
            ("Held back", f"{settings.held_back:.0%} of each class"),
            ("Seed", str(settings.seed)),
        ],
        timings=[*machine.facts(), ("Training", f"{result.seconds:.1f} s")],
        footer=footer(),
    )


def footer() -> str:
    return f"Written by tilestack {ts.__version__}, {time.strftime('%Y-%m-%d %H:%M')}."


def confusion_matrix(labels: np.ndarray, read: np.ndarray, classes: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Counts (classes, classes), row is the label, and the names; of many classes those that are mistaken most."""
    count = len(classes)
    matrix = np.bincount(labels * count + read, minlength=count**2).reshape(count, count)
    wrong = matrix - np.diag(np.diag(matrix))
    kept = np.sort(np.argsort(-(wrong.sum(0) + wrong.sum(1)), kind="stable")[:CLASSES])
    return matrix[np.ix_(kept, kept)], [classes[i] for i in kept]


def _small(path: str, size: int) -> np.ndarray:
    return resize_photo(centre_crop(read_photo(path, size), size), THUMBNAIL, THUMBNAIL)


def _norms_by_layer(rows: list[dict[str, Any]], model: ts.nn.Module, prefix: str = "") -> dict[str, list[float]]:
    """Of weight matrices and filters, of a deep net some from the first to the last. prefix: of the names in rows."""
    names = [name for name, p in model.named_parameters() if p.dim() > 1]
    some = [names[i] for i in np.unique(np.linspace(0, len(names) - 1, LAYERS).round().astype(int))]
    return {name.removesuffix(".weight"): [row[prefix + name] for row in rows] for name in some} if rows else {}


def _first_filters(model: ts.nn.Module, channels: int) -> np.ndarray:
    """(units, channels, height, width); a linear layer sees all of a square picture."""
    weight = next(p for name, p in model.named_parameters() if name.endswith("weight"))
    array = weight.detach().to("cpu").numpy()
    side = math.isqrt(array[0].size // channels)
    return array if array.ndim == 4 else array.reshape(len(array), channels, side, side)


def _worst_mistakes(
    chances: np.ndarray, labels: np.ndarray, classes: Sequence[str], image: Callable[[int], np.ndarray]
) -> list[Mistake]:
    read = chances.argmax(1)
    wrong = np.flatnonzero(read != labels)
    surest = wrong[np.argsort(-chances[wrong, read[wrong]], kind="stable")][:MISTAKES]
    return [Mistake(image(i), classes[labels[i]], classes[read[i]], float(chances[i, read[i]])) for i in surest]


def _settings(settings: Settings, result: Result) -> list[tuple[str, str]]:
    layers = [type(module).__name__ for module in result.model.modules() if not list(module.children())]
    return [
        ("Model", f"{NAMES[settings.model]}: {', '.join(layers)}"),
        ("Data", f"{settings.data}, normalised by mean {result.config.mean} and deviation {result.config.std}"),
        ("Epochs", f"{settings.epochs}, batches of {settings.batch_size}"),
        ("Optimizer", f"AdamW, learning rate {RATE.get(settings.data, FALLS).format(settings.lr)}, weight decay 0.01"),
        ("Augmentation", AUGMENTATION.get(settings.data, "small turns, shifts and stretches")),
        ("Seed", str(settings.seed)),
    ]


def _timings(result: Result) -> list[tuple[str, str]]:
    seconds = [row["seconds"] for row in result.rows]
    return [
        *machine.facts(),
        ("Training", f"{result.seconds:.2f} s; an epoch {min(seconds):.2f} to {max(seconds):.2f} s"),
    ]
