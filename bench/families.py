"""Training steps of every family of nets at small real sizes, samples a second, beside the same source on torch."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import tilestack as ts
from bench import peers
from bench.harness import Run
from bench.ports import models_on_torch
from tilestack import models

RNG = np.random.default_rng(0)
Arrays = tuple[np.ndarray, ...]


def photos(batch: int, size: int, channels: int = 3, classes: int = 10) -> Arrays:
    images = RNG.standard_normal((batch, channels, size, size), dtype=np.float32)
    return images, RNG.integers(0, classes, batch)


def tokens(batch: int, length: int) -> np.ndarray:
    return RNG.integers(1, 65, (batch, length))


def following(batch: int, length: int) -> Arrays:
    row = tokens(batch, length + 1)
    return row[:, :-1].copy(), row[:, 1:].copy()


def classify(model: Any, F: Any, images: Any, labels: Any) -> Any:
    return F.cross_entropy(model(images), labels)


def segment(model: Any, F: Any, images: Any, labels: Any) -> Any:
    return F.binary_cross_entropy_with_logits(model(images), labels)


def own(model: Any, F: Any, *batch: Any) -> Any:
    return model.loss(*batch)


SGD: dict[str, Any] = {"optimizer": "SGD", "lr": 0.01, "momentum": 0.9}
ADAMW: dict[str, Any] = {"optimizer": "AdamW", "lr": 1e-3}
WIDE: dict[str, Any] = {"hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 4}

Net = tuple[Callable[[Any], Any], Arrays, Callable[..., Any], dict[str, Any]]
NETS: dict[str, Net] = {
    "AlexNet (2012), 96x96, batch 8": (lambda m: m.AlexNet2012(10, hidden=512), photos(8, 96), classify, SGD),
    "AlexNet, 96x96, batch 8": (lambda m: m.AlexNet(10, hidden=512), photos(8, 96), classify, SGD),
    "VGG-11 bn, 32x32, batch 16": (lambda m: m.vgg11_bn(num_classes=10, hidden=512), photos(16, 32), classify, SGD),
    "ResNet-20, 32x32, batch 32": (lambda m: m.resnet20(), photos(32, 32), classify, SGD),
    "ResNet-18, 64x64, batch 8": (lambda m: m.resnet18(num_classes=10), photos(8, 64), classify, SGD),
    "ResNet-50, 64x64, batch 4": (lambda m: m.resnet50(num_classes=10), photos(4, 64), classify, SGD),
    "EfficientNet-Lite0, 96x96, batch 8": (
        lambda m: m.efficientnet_lite0(num_classes=10, drop_connect=0.0),
        photos(8, 96),
        classify,
        SGD,
    ),
    "SqueezeNet 1.1, 96x96, batch 8": (lambda m: m.squeezenet1_1(num_classes=10), photos(8, 96), classify, SGD),
    "U-Net of 16 channels, 64x64, batch 4": (
        lambda m: m.UNet(1, 1, width=16),
        (photos(4, 64, 1)[0], (photos(4, 64, 1)[0] > 0).astype(np.float32)),
        segment,
        SGD,
    ),
    "LSTM 2x128, 16x64 tokens": (lambda m: m.RecurrentLM(65, 128, 128, 2), following(16, 64), own, ADAMW),
    "GRU 2x128, 16x64 tokens": (lambda m: m.RecurrentLM(65, 128, 128, 2, kind="GRU"), following(16, 64), own, ADAMW),
    "Transformer 2+2 layers of 128, 16x24 tokens": (
        lambda m: m.Seq2SeqTransformer(65, 65, 128, 4, 2, 2, 512),
        (tokens(16, 24), tokens(16, 24)),
        own,
        ADAMW,
    ),
    "BERT 4 layers of 128, 8x64 tokens": (
        lambda m: m.BertForMaskedLM(m.BertConfig(vocab_size=65, **WIDE)),
        (tokens(8, 64), tokens(8, 64)),
        own,
        ADAMW,
    ),
    "GPT-2 4 layers of 128, 12x64 tokens": (
        lambda m: m.GPT2LMHeadModel(m.GPT2Config(65, 64, 128, 4, 4, embd_pdrop=0.0, attn_pdrop=0.0, resid_pdrop=0.0)),
        (tokens(12, 64),),
        own,
        ADAMW,
    ),
    "Llama 4 layers of 128, 12x64 tokens": (
        lambda m: m.LlamaForCausalLM(m.LlamaConfig(vocab_size=65, num_key_value_heads=2, **WIDE)),
        (tokens(12, 64),),
        own,
        ADAMW,
    ),
}


def step_of(library: Any, package: Any, net: Net) -> Callable[[], None]:
    make, batch, loss, options = net
    model = make(package)
    rest = {key: value for key, value in options.items() if key != "optimizer"}
    optimizer = getattr(library.optim, options["optimizer"])(model.parameters(), **rest)
    inputs = [library.from_numpy(x) for x in batch]

    def step() -> None:
        optimizer.zero_grad()
        loss(model, library.nn.functional, *inputs).backward()
        optimizer.step()

    return step


def run(run: Run) -> None:
    torch = peers.find("torch")
    on_torch = models_on_torch(Path(tempfile.mkdtemp())) if torch else None
    for name, net in NETS.items():
        if not run.wants(name):
            continue
        contenders = {"tilestack": step_of(ts, models, net)}
        if torch:
            contenders["torch"] = step_of(torch, on_torch, net)
        rates = {who: len(net[1][0]) / t for who, t in run.time(contenders, seconds=3).items()}
        run.add_compared({"net": name, "unit": "samples/s"}, rates)
