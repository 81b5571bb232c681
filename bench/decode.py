"""Tokens one by one with a cache of keys and values: GPT-2 124M with random weights, milliseconds a token.

The bound is the time to read every weight once.
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
from tilestack import models

PAST = 64


def decoder(lib: Any, package: Any, dtype: str, tokens: int) -> tuple[Callable[[], Any], int]:
    """A call that reads one more token after PAST ones, again and again the same; the bytes of all weights."""
    config = package.GPT2Config(n_layer=12)
    with lib.no_grad():
        model = package.GPT2LMHeadModel(config).to(getattr(lib, dtype)).eval()
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
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

    return call, weights


def run(run: Run) -> None:
    torch = peers.find("torch")
    with tempfile.TemporaryDirectory() as folder:
        on_torch = models_on_torch(Path(folder)) if torch else None
        tokens = 4 if run.quick else 400
        for dtype in ("float32", "bfloat16"):
            if not run.wants(dtype):
                continue
            call, weights = decoder(ts, models, dtype, tokens)
            contenders = {"tilestack": call}
            if torch:
                contenders["torch"] = decoder(torch, on_torch, dtype, tokens)[0]
            rates = {who: 1 / t for who, t in run.time(contenders, seconds=4).items()}
            read = float(run.peak.get("read_gbs", 0)) * 1e9
            of_peak = {"of_peak": rates["tilestack"] * weights / read} if read else {}
            run.add_compared({"work": f"GPT-2 124M, {dtype}", "unit": "tokens/s", **of_peak}, rates)
