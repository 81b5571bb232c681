"""Positions of tokens as angles: tables for rotary embedding, and sinusoids that are added to embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np

import tilestack as ts
from tilestack._core import Tensor
from tilestack.nn.module import Module


def _angles(positions: int | Tensor, half: int, base: float) -> np.ndarray:
    """position / base^(j / half), (*positions, half), in float64: float32 would lose the phase of far positions."""
    at = np.arange(positions) if isinstance(positions, int) else positions.detach().cpu().numpy()
    return at.astype(np.float64)[..., None] * float(base) ** (-np.arange(half) / half)


def _tensor(values: np.ndarray, device: Any, dtype: Any) -> Tensor:
    return ts.from_numpy(values.astype(np.float32)).to(device=device, dtype=dtype)


def rotary_tables(
    positions: int | Tensor, dim: int, base: float = 10000.0, *, device: Any = None, dtype: Any = None
) -> tuple[Tensor, Tensor]:
    """cos and sin, for rotary_embedding, of position * base^(-2 j / dim).

    positions: how many, counted from 0, or a tensor of them. dim: how many elements of a head turn, even. Returns two
    tensors (*positions, dim / 2), float32 by default.
    """
    if dim < 2 or dim % 2:
        raise ValueError(f"rotary_tables: dim must be even and at least 2, got {dim}")
    angles = _angles(positions, dim // 2, base)
    return _tensor(np.cos(angles), device, dtype), _tensor(np.sin(angles), device, dtype)


def sinusoidal_positions(
    positions: int | Tensor, dim: int, base: float = 10000.0, *, device: Any = None, dtype: Any = None
) -> Tensor:
    """sin and cos of position * base^(-2 j / dim) in columns 2 j and 2 j + 1 (Vaswani et al., 2017).

    positions: how many, counted from 0, or a tensor of them. Returns (*positions, dim), float32 by default.
    """
    if dim < 2 or dim % 2:
        raise ValueError(f"sinusoidal_positions: dim must be even and at least 2, got {dim}")
    angles = _angles(positions, dim // 2, base)
    table = np.stack([np.sin(angles), np.cos(angles)], -1).reshape(*angles.shape[:-1], dim)
    return _tensor(table, device, dtype)


class SinusoidalPositions(Module):
    """Adds sinusoids of the positions 0, 1, ... to x (Vaswani et al., 2017).

    x: (..., tokens, dim) float, of at most max_len tokens. The table is a buffer that state_dict leaves out.
    """

    table: Tensor

    def __init__(
        self, dim: int, max_len: int = 5000, base: float = 10000.0, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.dim = dim
        self.max_len = max_len
        self.base = base
        table = sinusoidal_positions(max_len, dim, base, device=device, dtype=dtype)
        self.register_buffer("table", table, persistent=False)

    def forward(self, x: Tensor, offset: int = 0) -> Tensor:
        """offset: the position of the first token, as when decoding token by token."""
        tokens = x.shape[-2]
        if offset < 0 or offset + tokens > self.max_len:
            raise ValueError(
                f"SinusoidalPositions: positions {offset} to {offset + tokens - 1} are beyond max_len {self.max_len}"
            )
        return x + self.table[offset : offset + tokens].to(x.dtype)

    def extra_repr(self) -> str:
        return f"{self.dim}, max_len={self.max_len}, base={self.base}"
