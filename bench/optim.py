"""Optimizer steps over ten million float32 parameters: GB/s of bytes that must move, beside torch's three forms of each."""

from __future__ import annotations

from typing import Any

import numpy as np

import tilestack as ts
from bench import peers
from bench.harness import Run

N = 10_000_000
# name, options, state read and written beside the parameter and its gradient, in floats
KINDS: list[tuple[str, dict[str, float], int]] = [
    ("AdamW", {"lr": 1e-3}, 2),
    ("SGD", {"lr": 1e-3, "momentum": 0.9}, 1),
]


def parameters(lib: Any, pieces: int) -> list[Any]:
    rng = np.random.default_rng(0)
    out = []
    for _ in range(pieces):
        x = lib.nn.Parameter(lib.from_numpy(rng.standard_normal(N // pieces, dtype=np.float32)))
        x.grad = lib.from_numpy(rng.standard_normal(N // pieces, dtype=np.float32))
        out.append(x)
    return out


def run(run: Run) -> None:
    torch = peers.find("torch")
    for name, options, state in KINDS:
        for pieces in (1, 52):
            contenders = {"tilestack": getattr(ts.optim, name)(parameters(ts, pieces), **options).step}
            if torch:
                kind = getattr(torch.optim, name)
                for form in ({}, {"foreach": True}, {"fused": True}):
                    key = " ".join(["torch", *form])
                    contenders[key] = kind(parameters(torch, pieces), **options, **form).step
            moved = 4e-9 * (3 + 2 * state) * N
            rates = {who: moved / t for who, t in run.time(contenders, seconds=1).items()}
            limit = run.bandwidth(moved * 1e9)
            of_peak = {"of_peak": rates["tilestack"] / limit} if limit else {}
            run.add_compared({"work": f"{name}, {pieces} tensors", "unit": "GB/s", **of_peak}, rates)
