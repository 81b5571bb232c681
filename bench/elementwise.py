"""Elementwise ops within a core's cache (1 MB an operand) and beyond all caches (64 MB): GB/s of bytes that must move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bench import peers
from bench.harness import Run
from bench.work import Work, compare


def jax_function(name: str) -> Callable[..., Any] | None:
    jax = peers.find("jax")
    if not jax:
        return None
    own = {"add": jax.numpy.add, "mul": jax.numpy.multiply, "exp": jax.numpy.exp, "tanh": jax.numpy.tanh}
    if name == "gelu":
        return lambda x: jax.nn.gelu(x, approximate=False)
    return own.get(name) or getattr(jax.nn, "gelu" if name == "gelu tanh" else name)


def unary(name: str, call: Callable[..., Any], n: int, numpy: Callable[..., Any] | None) -> Work:
    onnx = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "exp": "Exp"}.get(name)
    peer = (lambda arrays, threads: peers.onnx_call(onnx, arrays, threads)) if onnx else None
    return Work(f"{name} {n >> 18} MB", call, [(n,)], (2 * n, 3 * n), jax=jax_function(name), numpy=numpy, onnx=peer)


def works(n: int) -> list[Work]:
    size = f"{n >> 18} MB"
    two: list[Any] = [(n,), (n,)]
    return [
        unary("relu", lambda lib, x: lib.relu(x), n, lambda x: np.maximum(x, 0)),
        unary("sigmoid", lambda lib, x: lib.sigmoid(x), n, None),
        unary("tanh", lambda lib, x: lib.tanh(x), n, np.tanh),
        unary("exp", lambda lib, x: lib.exp(x), n, np.exp),
        unary("silu", lambda lib, x: lib.nn.functional.silu(x), n, None),
        unary("gelu", lambda lib, x: lib.nn.functional.gelu(x), n, None),
        unary("gelu tanh", lambda lib, x: lib.nn.functional.gelu(x, approximate="tanh"), n, None),
        Work(f"add {size}", lambda lib, x, y: x + y, two, (3 * n, 2 * n), jax=jax_function("add"), numpy=np.add),
        Work(f"mul {size}", lambda lib, x, y: x * y, two, (3 * n, 5 * n), jax=jax_function("mul"), numpy=np.multiply),
        Work(f"dropout {size}", lambda lib, x: lib.nn.functional.dropout(x, 0.1), [(n,)], (2 * n, 2 * n)),
    ]


def run(run: Run) -> None:
    for n in (1 << 18,) if run.quick else (1 << 18, 1 << 24):
        compare(run, works(n))
