"""Reductions, norms, losses, pools: GB/s of bytes that must move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bench import peers
from bench.harness import Run
from bench.work import Work, compare


def rows(shape: tuple[int, int]) -> list[Work]:
    n = shape[0] * shape[1]
    jax = peers.find("jax")
    size = f"{shape[0]}x{shape[1]}"

    def work(name: str, call: Callable[..., Any], moved: tuple[int, int], **others: Any) -> Work:
        return Work(f"{name} {size}", call, [shape], moved, **others)

    softmax, log_softmax = (jax.nn.softmax, jax.nn.log_softmax) if jax else (None, None)
    return [
        work("softmax", lambda lib, x: lib.softmax(x, -1), (2 * n, 3 * n), jax=softmax),
        work("log_softmax", lambda lib, x: lib.log_softmax(x, -1), (2 * n, 3 * n), jax=log_softmax),
        work("sum of rows", lambda lib, x: x.sum(-1), (n, n), numpy=lambda x: x.sum(-1)),
        work("sum of columns", lambda lib, x: x.sum(0), (n, n), numpy=lambda x: x.sum(0)),
        work("mean of all", lambda lib, x: x.mean(), (n, n), numpy=lambda x: x.mean()),
        work("maximum of rows", lambda lib, x: x.amax(-1), (n, 2 * n), numpy=lambda x: x.max(-1)),
    ]


def norms(shape: tuple[int, int]) -> list[Work]:
    n, width = shape[0] * shape[1], shape[1]
    size = f"{shape[0]}x{width}"
    return [
        Work(
            f"layer_norm {size}",
            lambda lib, x, w, b: lib.nn.functional.layer_norm(x, (width,), w, b),
            [shape, (width,), (width,)],
            (2 * n, 3 * n),
            onnx=lambda arrays, threads: peers.onnx_call("LayerNormalization", arrays, threads, axis=-1),
        ),
        Work(
            f"rms_norm {size}",
            lambda lib, x, w: lib.nn.functional.rms_norm(x, (width,), w),
            [shape, (width,)],
            (2 * n, 3 * n),
        ),
    ]


def batch_norm(lib: Any, x: Any, weight: Any, bias: Any) -> Any:
    channels = x.shape[1]
    return lib.nn.functional.batch_norm(x, lib.zeros(channels), lib.ones(channels), weight, bias, True)


def works() -> list[Work]:
    images = (32, 64, 56, 56)
    n, logits = int(np.prod(images)), 2048 * 50257
    rng = np.random.default_rng(1)
    labels, tokens = rng.integers(0, 50257, 2048), rng.integers(0, 50257, 2048)
    size = "32x64x56x56"
    return [
        Work(f"batch_norm {size}", batch_norm, [images, (64,), (64,)], (3 * n, 5 * n), channels_last=True),
        Work(
            f"max_pool2d 3 by 2 {size}",
            lambda lib, x: lib.nn.functional.max_pool2d(x, 3, 2, 1),
            [images],
            (1.25 * n, 1.25 * n),
            channels_last=True,
        ),
        Work(
            f"avg_pool2d 2 {size}",
            lambda lib, x: lib.nn.functional.avg_pool2d(x, 2),
            [images],
            (1.25 * n, 1.25 * n),
            channels_last=True,
        ),
        Work(
            "cross_entropy 2048x50257",
            lambda lib, x, y: lib.nn.functional.cross_entropy(x, y),
            [(2048, 50257), labels],
            (logits, 2 * logits),
        ),
        Work(
            "embedding 2048 of 50257x768",
            lambda lib, i, w: lib.nn.functional.embedding(i, w),
            [tokens, (50257, 768)],
            (2 * 2048 * 768, 50257 * 768),
        ),
    ]


def run(run: Run) -> None:
    for shape in ((8192, 128), (8192, 1024), (256, 50257)):
        compare(run, rows(shape))
    for shape in ((768, 768), (8192, 768)):
        compare(run, norms(shape))
    compare(run, works())
