"""Whole training steps of small nets, samples a second, beside torch eager with its default optimizer."""

from __future__ import annotations

from typing import Any

import numpy as np

import tilestack as ts
from bench.harness import Run, torch_or_none, use_threads


def mlp(nn: Any) -> Any:
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


def lenet(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


NETS = {
    "MLP 784-512-512-10, batch 64, AdamW": (mlp, 64, (784,), "AdamW", {"lr": 1e-3}),
    "MLP 784-512-512-10, batch 512, AdamW": (mlp, 512, (784,), "AdamW", {"lr": 1e-3}),
    "LeNet-5, batch 128, SGD": (lenet, 128, (1, 28, 28), "SGD", {"lr": 0.01, "momentum": 0.9}),
}


def step_of(library: Any, make: Any, x: np.ndarray, y: np.ndarray, optimizer: str, options: dict[str, float]) -> Any:
    """One training step of a net, written once for both libraries: the same code ports by its import."""
    nn = library.nn
    model = make(nn)
    opt = getattr(library.optim, optimizer)(model.parameters(), **options)
    images, labels = library.from_numpy(x), library.from_numpy(y)

    def step() -> None:
        opt.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        opt.step()

    return step


def run(run: Run) -> None:
    torch = torch_or_none()
    rng = np.random.default_rng(0)
    for threads in run.threads:
        use_threads(threads)
        for name, (make, batch, shape, optimizer, options) in NETS.items():
            x = rng.standard_normal((batch, *shape), dtype=np.float32)
            y = rng.integers(0, 10, batch)
            contenders = {"tilestack": step_of(ts, make, x, y, optimizer, options)}
            if torch:
                contenders["torch"] = step_of(torch, make, x, y, optimizer, options)
            rates = {who: batch / t for who, t in run.time(contenders, seconds=2).items()}
            row = {"threads": threads, "net": name, **rates}
            if torch:
                row["ratio"] = rates["tilestack"] / rates["torch"]
            run.add(row)
