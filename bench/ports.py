"""The source of tilestack.models executed with torch in tilestack's place: code ports by its import."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tilestack import models


def models_on_torch(folder: Path) -> Any:
    """The package of models with every `tilestack` in its files replaced by `torch`, written to folder and imported."""
    package = folder / "models_on_torch"
    package.mkdir()
    for path in Path(models.__file__).parent.glob("*.py"):
        (package / path.name).write_text(path.read_text().replace("tilestack", "torch"))
    add_what_torch_lacks()
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module("models_on_torch")
    finally:
        sys.path.remove(str(folder))


def add_what_torch_lacks() -> None:
    """The few names of tilestack that torch does not have, composed of torch's."""
    import torch
    from torch.nn import functional as F

    def swiglu(gate: Any, up: Any) -> Any:
        return F.silu(gate) * up

    def rotary_embedding(x: Any, cos: Any, sin: Any) -> Any:
        a, b = x.chunk(2, -1)
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    def linear_cross_entropy(x: Any, weight: Any, labels: Any) -> Any:
        return F.cross_entropy(F.linear(x, weight), labels)

    class SinusoidalPositions(torch.nn.Module):
        def __init__(self, dim: int, max_len: int) -> None:
            super().__init__()
            rates = 10000.0 ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
            angles = torch.arange(max_len, dtype=torch.float64)[:, None] * rates
            self.table = torch.stack([angles.sin(), angles.cos()], -1).flatten(1).float()

        def forward(self, x: Any) -> Any:
            return x + self.table[: x.shape[-2]].to(x.dtype)

    class KVCache:
        def __init__(self, batch: int, heads: int, max_len: int, head_dim: int, **made: Any) -> None:
            self.both = torch.zeros((2, batch, heads, max_len, head_dim), **made)
            self.length = 0

        def __len__(self) -> int:
            return self.length

        def append(self, key: Any, value: Any) -> tuple[Any, Any]:
            first, self.length = self.length, self.length + key.shape[-2]
            self.both[0, :, :, first : self.length] = key
            self.both[1, :, :, first : self.length] = value
            return self.both[0, :, :, : self.length], self.both[1, :, :, : self.length]

    torch.nn.KVCache = KVCache
    F.swiglu, F.rotary_embedding, F.linear_cross_entropy = swiglu, rotary_embedding, linear_cross_entropy
    torch.nn.SinusoidalPositions = SinusoidalPositions


def arrays(state: dict[str, Any]) -> dict[str, np.ndarray]:
    return {name: x.detach().cpu().numpy().copy() for name, x in state.items()}
