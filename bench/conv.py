"""Convolutions of AlexNet, ResNet, LeNet and MobileNet, forward and backward: GFLOP/s as the direct method counts them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench import peers
from bench.harness import Run
from bench.work import Work, compare


@dataclass
class Layer:
    name: str
    batch: int
    channels: int
    filters: int
    size: int
    kernel: int
    stride: int = 1
    padding: int = 0
    groups: int = 1


LAYERS = [
    Layer("AlexNet 3>64 k11 s4 @224", 16, 3, 64, 224, 11, 4, 2),
    Layer("AlexNet 64>192 k5 @27", 16, 64, 192, 27, 5, 1, 2),
    Layer("AlexNet 192>384 k3 @13", 16, 192, 384, 13, 3, 1, 1),
    Layer("AlexNet 384>256 k3 @13", 16, 384, 256, 13, 3, 1, 1),
    Layer("ResNet 3>64 k7 s2 @224", 4, 3, 64, 224, 7, 2, 3),
    Layer("ResNet 64>64 k3 @56", 8, 64, 64, 56, 3, 1, 1),
    Layer("ResNet 64>128 k3 s2 @56", 8, 64, 128, 56, 3, 2, 1),
    Layer("ResNet 128>128 k3 @28", 8, 128, 128, 28, 3, 1, 1),
    Layer("ResNet 256>256 k3 @14", 8, 256, 256, 14, 3, 1, 1),
    Layer("ResNet 512>512 k3 @7", 8, 512, 512, 7, 3, 1, 1),
    Layer("CIFAR 3>64 k3 @32", 64, 3, 64, 32, 3, 1, 1),
    Layer("CIFAR 16>16 k3 @32", 64, 16, 16, 32, 3, 1, 1),
    Layer("LeNet 1>6 k5 @28", 128, 1, 6, 28, 5, 1, 2),
    Layer("LeNet 6>16 k5 @14", 128, 6, 16, 14, 5),
    Layer("depthwise 128 k3 @56", 8, 128, 128, 56, 3, 1, 1, 128),
    Layer("depthwise 512 k3 @14", 8, 512, 512, 14, 3, 1, 1, 512),
    Layer("4 groups 128>128 k3 @28", 8, 128, 128, 28, 3, 1, 1, 4),
    Layer("1x1 64>256 @56", 8, 64, 256, 56, 1),
    Layer("1x1 512>512 @14", 8, 512, 512, 14, 1),
]


def work(layer: Layer) -> Work:
    stride, padding, groups = layer.stride, layer.padding, layer.groups
    shape = (layer.filters, layer.channels // groups, layer.kernel, layer.kernel)
    out = (layer.size + 2 * padding - layer.kernel) // stride + 1
    flops = 2 * layer.batch * out * out * shape[0] * shape[1] * shape[2] * shape[3]
    jax = peers.find("jax")

    def of_jax(x: Any, w: Any) -> Any:
        pads = [(padding, padding)] * 2
        return jax.lax.conv_general_dilated(x, w, (stride, stride), pads, feature_group_count=groups)

    return Work(
        f"{layer.name} b{layer.batch}",
        lambda lib, x, w: lib.nn.functional.conv2d(x, w, None, stride, padding, 1, groups),
        [(layer.batch, layer.channels, layer.size, layer.size), shape],
        flops=(flops, 2 * flops),
        jax=of_jax if jax else None,
        onnx=lambda arrays, threads: peers.onnx_call(
            "Conv", arrays, threads, strides=[stride] * 2, pads=[padding] * 4, group=groups
        ),
        channels_last=True,
    )


def run(run: Run) -> None:
    compare(run, [work(layer) for layer in (LAYERS[9:11] if run.quick else LAYERS)])
