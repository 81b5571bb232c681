"""Tokens one by one with a cache of keys and values: GPT-2 124M with random weights, milliseconds a token.

The bound is the time to read every weight of a layer once. Weights of 8 and 4 bits stand beside torch in float32.
"""

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
from tilestack import models, nn

PAST = 64
BITS = {"int8": 8, "int4": 4}


def gpt2(lib: Any, package: Any, dtype: str) -> Any:
    """With random weights, in a dtype, or quantized from float32."""
    with lib.no_grad():
        model = package.GPT2LMHeadModel(package.GPT2Config(n_layer=12)).eval()
        return nn.quantize(model, BITS[dtype]) if dtype in BITS else model.to(getattr(lib, dtype))


def bytes_read(model: Any) -> int:
    """For one token: all tensors but the tables of which a row is read."""
    tensors = {name: x for name, x in model.state_dict().items() if "wte" not in name and "wpe" not in name}
    return sum(x.numel() * x.element_size() for x in tensors.values())


def decoder(lib: Any, model: Any, tokens: int) -> Callable[[], Any]:
    """A call that reads one more token after PAST ones, again and again the same."""
    start = lib.from_numpy(np.ones((1, PAST), np.int64))
    one = lib.from_numpy(np.ones((1, 1), np.int64))
    state: dict[str, Any] = {"left": 0}

    def call() -> None:
        with lib.no_grad():
            if state["left"] == 0:
                state["caches"] = model.new_caches(1, PAST + tokens)
                model(start, None, state["caches"])
                state["left"] = tokens
            model(one, None, state["caches"])
            state["left"] -= 1

    return call


def run(run: Run) -> None:
    torch = peers.find("torch")
    with tempfile.TemporaryDirectory() as folder:
        on_torch = models_on_torch(Path(folder)) if torch else None
        tokens = 4 if run.quick else 400
        for dtype in ("float32", "bfloat16", *BITS):
            if not run.wants(dtype):
                continue
            model = gpt2(ts, models, dtype)
            contenders = {"tilestack": decoder(ts, model, tokens)}
            if torch:
                peer = gpt2(torch, on_torch, "float32" if dtype in BITS else dtype)
                contenders["torch"] = decoder(torch, peer, tokens)
            rates = {who: 1 / t for who, t in run.time(contenders, seconds=4).items()}
            read = float(run.peak.get("read_gbs", 0)) * 1e9
            of_peak = {"of_peak": rates["tilestack"] * bytes_read(model) / read} if read else {}
            run.add_compared({"work": f"GPT-2 124M, {dtype}", "unit": "tokens/s", **of_peak}, rates)
