"""One op at one size, forward and backward, by every library that has it, against the machine's limit."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import tilestack as ts
from bench import peers
from bench.harness import Contenders, Run


@dataclass
class Work:
    """call(lib, *inputs) is the op as code that ports by its import: lib is tilestack or torch.

    flops or moved say what must be done at least: floating-point operations, or elements read and written, forward and
    backward. An array among the inputs is taken as it is; a shape becomes random normal numbers.
    """

    name: str
    call: Callable[..., Any]
    inputs: list[Any]
    moved: tuple[float, float] = (0, 0)
    flops: tuple[float, float] = (0, 0)
    jax: Callable[..., Any] | None = None
    numpy: Callable[..., Any] | None = None
    onnx: Callable[[list[np.ndarray], int], Any] | None = None
    channels_last: bool = False  # torch is timed in both memory formats of images
    backward: bool = True


def compare(run: Run, works: list[Work]) -> None:
    """One row for forward and one for backward of each work."""
    for work in works:
        if not run.wants(work.name):
            continue
        arrays = _arrays(work)
        _row(run, work, "forward", 0, _forward(work, arrays, run.threads))
        if work.backward:
            _row(run, work, "backward", 1, _backward(work, arrays))


def _row(run: Run, work: Work, direction: str, index: int, contenders: Contenders) -> None:
    seconds = run.time(contenders)
    if work.flops[index]:
        amount, limit, unit = work.flops[index] * 1e-9, run.fma(), "GFLOP/s"
    else:
        amount, limit, unit = work.moved[index] * 4e-9, run.bandwidth(work.moved[index] * 4), "GB/s"
    rates = {name: amount / time for name, time in seconds.items()}
    of_peak = {"of_peak": rates["tilestack"] / limit} if limit else {}
    run.add_compared({"work": work.name, "pass": direction, "unit": unit, **of_peak}, rates)


def _arrays(work: Work) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [x if isinstance(x, np.ndarray) else rng.standard_normal(x, dtype=np.float32) for x in work.inputs]


def _forward(work: Work, arrays: list[np.ndarray], threads: int) -> Contenders:
    out: Contenders = {}
    for name, lib, layout in _libraries(work):
        tensors = _tensors(lib, arrays, layout, grad=False)
        out[name] = functools.partial(work.call, lib, *tensors)
    if work.numpy:
        out["numpy"] = functools.partial(work.numpy, *arrays)
    jax = peers.find("jax") if work.jax else None
    if jax:
        compiled, inputs = jax.jit(work.jax), [jax.numpy.asarray(x) for x in arrays]
        out["jax"] = lambda: compiled(*inputs).block_until_ready()
    call = work.onnx(arrays, threads) if work.onnx else None
    if call:
        out["onnxruntime"] = call
    return out


def _backward(work: Work, arrays: list[np.ndarray]) -> Contenders:
    out: Contenders = {}
    for name, lib, layout in _libraries(work):
        out[name] = _backward_of(work, lib, _tensors(lib, arrays, layout, grad=True))
    if work.jax and peers.find("jax"):
        out["jax"] = _backward_of_jax(work.jax, arrays)
    return out


def _backward_of(work: Work, lib: Any, tensors: list[Any]) -> Callable[[], None]:
    y = work.call(lib, *tensors)
    dy = lib.ones_like(y)
    leaves = [x for x in tensors if x.requires_grad]

    def call() -> None:
        y.backward(dy, retain_graph=True)
        for x in leaves:
            x.grad = None

    return call


def _backward_of_jax(f: Callable[..., Any], arrays: list[np.ndarray]) -> Callable[[], None]:
    jax = peers.find("jax")
    floats = [i for i, x in enumerate(arrays) if x.dtype == np.float32]

    def of_floats(*inputs: Any) -> Any:
        full = list(arrays)
        for i, x in zip(floats, inputs, strict=True):
            full[i] = x
        return f(*full)

    y, pull = jax.vjp(of_floats, *[jax.numpy.asarray(arrays[i]) for i in floats])
    compiled, dy = jax.jit(lambda pull, dy: pull(dy)), jax.numpy.ones_like(y)
    return lambda: jax.block_until_ready(compiled(pull, dy))


def _libraries(work: Work) -> list[tuple[str, Any, str]]:
    torch = peers.find("torch")
    out = [("tilestack", ts, "")]
    if torch:
        out.append(("torch", torch, ""))
        if work.channels_last:
            out.append(("torch channels_last", torch, "channels_last"))
    return out


def _tensors(lib: Any, arrays: list[np.ndarray], layout: str, *, grad: bool) -> list[Any]:
    out = []
    for array in arrays:
        x = lib.from_numpy(array)
        if layout and x.dim() == 4:
            x = x.contiguous(memory_format=lib.channels_last)
        if grad and array.dtype == np.float32:
            x = x.detach()
            x.requires_grad_()
        out.append(x)
    return out
