"""Whole training steps, samples (of language models: tokens) a second, beside torch and jax."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import tilestack as ts
from bench import jax_mlp, peers
from bench.harness import Contenders, Run
from bench.ports import models_on_torch
from tilestack import models

RNG = np.random.default_rng(0)
SGD: dict[str, Any] = {"lr": 0.01, "momentum": 0.9}
ADAMW: dict[str, Any] = {"lr": 1e-3}


def mlp(nn: Any, _: Any) -> Any:
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


def lenet(nn: Any, _: Any = None) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def cifar_resnet18(nn: Any, m: Any) -> Any:
    """ResNet-18 for small images: no stride before the first stage."""
    model = m.resnet18(num_classes=10)
    model.conv1, model.maxpool = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.Identity()
    return model


def gpt(vocabulary: int, block: int, width: int, layers: int, heads: int) -> Callable[[Any, Any], Any]:
    """Without dropout, as torch's fast attention has none on the CPU."""
    none = {"embd_pdrop": 0.0, "attn_pdrop": 0.0, "resid_pdrop": 0.0}
    return lambda _, m: m.GPT2LMHeadModel(m.GPT2Config(vocabulary, block, width, layers, heads, **none))


@dataclass
class Net:
    """make(nn, models) builds it from either library."""

    name: str
    make: Callable[[Any, Any], Any]
    optimizer: str
    options: dict[str, Any]
    batch: int
    shape: tuple[int, ...] = ()  # of an image
    classes: int = 10
    tokens: int = 0  # a sequence of a language model
    vocabulary: int = 0
    also: set[str] = field(default_factory=set)  # peers beside torch: channels_last, compiled, jax

    def arrays(self) -> tuple[np.ndarray, ...]:
        if self.tokens:
            return (RNG.integers(0, self.vocabulary, (self.batch, self.tokens)),)
        images = RNG.standard_normal((self.batch, *self.shape), dtype=np.float32)
        return images, RNG.integers(0, self.classes, self.batch)


NETS = [
    Net("MLP 784-512-512-10, batch 64", mlp, "AdamW", ADAMW, 64, (784,), also={"jax"}),
    Net("MLP 784-512-512-10, batch 512", mlp, "AdamW", ADAMW, 512, (784,), also={"jax"}),
    Net("LeNet-5, batch 128", lenet, "SGD", SGD, 128, (1, 28, 28), also={"channels_last"}),
    Net(
        "ResNet-18, 32x32, batch 64",
        cifar_resnet18,
        "SGD",
        SGD,
        64,
        (3, 32, 32),
        also={"channels_last"},
    ),
    Net(
        "AlexNet, 224x224, batch 16",
        lambda _, m: m.AlexNet(),
        "SGD",
        SGD,
        16,
        (3, 224, 224),
        1000,
        also={"channels_last"},
    ),
    Net(
        "char GPT 4x128, 12x64 tokens",
        gpt(65, 64, 128, 4, 4),
        "AdamW",
        ADAMW,
        12,
        tokens=64,
        vocabulary=65,
        also={"compiled"},
    ),
    Net(
        "GPT 6x384, 8x256 tokens",
        gpt(65, 256, 384, 6, 6),
        "AdamW",
        ADAMW,
        8,
        tokens=256,
        vocabulary=65,
        also={"compiled"},
    ),
    Net(
        "GPT-2 124M, 1x256 tokens",
        gpt(50257, 1024, 768, 12, 12),
        "AdamW",
        ADAMW,
        1,
        tokens=256,
        vocabulary=50257,
        also={"compiled"},
    ),
]


def step_of(lib: Any, package: Any, net: Net, arrays: tuple[np.ndarray, ...], form: str = "") -> Callable[[], None]:
    """One training step, written once for both libraries: the same code ports by its import."""
    model = net.make(lib.nn, package)
    fused = {"fused": True} if form == "fused" else {}
    optimizer = getattr(lib.optim, net.optimizer)(model.parameters(), **net.options, **fused)
    inputs = [lib.from_numpy(x) for x in arrays]
    if form == "channels_last":
        model = model.to(memory_format=lib.channels_last)
        inputs[0] = inputs[0].contiguous(memory_format=lib.channels_last)

    def loss() -> Any:
        return model.loss(*inputs) if net.tokens else lib.nn.functional.cross_entropy(model(inputs[0]), inputs[1])

    value = lib.compile(loss) if form == "compiled" else loss

    def step() -> None:
        optimizer.zero_grad()
        value().backward()
        optimizer.step()

    return step


def contenders_of(net: Net, on_torch: Any, run: Run) -> Contenders:
    arrays = net.arrays()
    out: Contenders = {"tilestack": step_of(ts, models, net, arrays)}
    torch = peers.find("torch")
    if torch:
        for form in ("", "fused", *sorted(net.also - {"jax"})):
            name = f"torch {form}".strip()
            if run.has(name):
                out[name] = step_of(torch, on_torch, net, arrays, form)
    if "jax" in net.also and peers.find("jax"):
        out["jax"] = jax_mlp.step_of(arrays, **net.options)
    return out


def run(run: Run) -> None:
    with tempfile.TemporaryDirectory() as folder:
        on_torch = models_on_torch(Path(folder)) if peers.find("torch") else None
        for net in NETS[:1] if run.quick else NETS:
            if not run.wants(net.name):
                continue
            amount = net.batch * max(net.tokens, 1)
            times = run.time(contenders_of(net, on_torch, run), seconds=3)
            unit = "tokens/s" if net.tokens else "samples/s"
            run.add_compared({"net": net.name, "unit": unit}, {who: amount / t for who, t in times.items()})
