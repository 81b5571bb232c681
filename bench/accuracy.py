"""Accuracy on held-back digits of nets trained from scratch, beside torch with the same layers, recipe and batches:
averages over seeds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import tilestack as ts
from bench import peers
from bench.harness import Run
from bench.train import lenet
from tilestack.data.mnist import load_mnist

BATCH = 64


def mlp(nn: Any) -> Any:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)
    )


NETS = {"LeNet-5": (lenet, 3e-3), "MLP 784-256-128-10": (mlp, 1e-3)}


def accuracy_of(library: Any, make: Any, lr: float, data: tuple[np.ndarray, ...], epochs: int, seed: int) -> float:
    """Written once for both libraries."""
    x, y, test_x, test_y = (library.from_numpy(array) for array in data)
    library.manual_seed(seed)
    model = make(library.nn)
    optimizer = library.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01)
    steps = epochs * (len(x) // BATCH)
    scheduler = library.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x) - BATCH + 1, BATCH):
            batch = library.from_numpy(order[start : start + BATCH])
            optimizer.zero_grad()
            library.nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
            scheduler.step()
    with library.no_grad():
        return float((model(test_x).argmax(1) == test_y).float().mean().item())


def run(run: Run) -> None:
    torch = peers.find("torch")
    mnist = load_mnist(None)
    mean, std = mnist.train_images.mean() / 255, mnist.train_images.std() / 255

    def normal(images: np.ndarray) -> np.ndarray:
        return ((images.astype(np.float32) / 255 - mean) / std).astype(np.float32).reshape(-1, 1, 28, 28)

    labels = (mnist.train_labels.astype(np.int64), mnist.test_labels.astype(np.int64))
    data = (normal(mnist.train_images), labels[0], normal(mnist.test_images), labels[1])
    seeds, epochs = range(1 if run.quick else 10), 1 if run.quick else 10
    for name, (make, lr) in NETS.items():
        row: dict[str, Any] = {"net": name, "epochs": epochs, "seeds": len(seeds)}
        for who, library in (("tilestack", ts), ("torch", torch)):
            if library is None:
                continue
            found = [accuracy_of(library, make, lr, data, epochs, seed) for seed in seeds]
            row[who] = float(np.mean(found))
            row[f"{who}_error"] = float(np.std(found) / math.sqrt(len(found)))
        run.add(row)
