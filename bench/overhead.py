"""What a call costs when there is next to nothing to compute, in microseconds."""

from __future__ import annotations

import numpy as np

import tilestack as ts
from bench import peers
from bench.harness import Run
from tilestack import nn


def run(run: Run) -> None:
    torch = peers.find("torch")
    x, tracked, layer = ts.ones(16), ts.ones(16, requires_grad=True), nn.Linear(4, 4)
    small, array = ts.ones(2, 4), np.ones(16, np.float32)
    rows: dict[str, dict] = {
        "relu of 16": {"tilestack": lambda: ts.relu(x), "numpy": lambda: np.maximum(array, 0)},
        "relu of 16, with tape": {"tilestack": lambda: ts.relu(tracked)},
        "Linear(4, 4) forward, sum, backward": {"tilestack": lambda: layer(small).sum().backward()},
    }
    if torch:
        tx, ttracked, tlayer = torch.ones(16), torch.ones(16, requires_grad=True), torch.nn.Linear(4, 4)
        tsmall = torch.ones(2, 4)
        rows["relu of 16"]["torch"] = lambda: torch.relu(tx)
        rows["relu of 16, with tape"]["torch"] = lambda: torch.relu(ttracked)
        rows["Linear(4, 4) forward, sum, backward"]["torch"] = lambda: tlayer(tsmall).sum().backward()
    for name, contenders in rows.items():
        run.add({"work": name, **{who: 1e6 * t for who, t in run.time(contenders).items()}})
