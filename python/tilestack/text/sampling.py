"""The next token from logits: greedy, or drawn after temperature, top-k and top-p."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sampling:
    """temperature: 0 takes the likeliest token. top_k: only the k likeliest. top_p: only the fewest tokens that together have
    this probability (Holtzman et al., 2019). repetition_penalty: above 1 makes tokens that are there already less likely
    (Keskar et al., 2019)."""

    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise ValueError(f"generate: temperature must be at least 0, got {self.temperature}")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"generate: top_k must be at least 1, got {self.top_k}")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"generate: top_p must be above 0 and at most 1, got {self.top_p}")
        if not 0 < self.repetition_penalty < float("inf"):
            raise ValueError(f"generate: repetition_penalty must be above 0, got {self.repetition_penalty}")

    def choose(self, logits: np.ndarray, seen: Sequence[int], random: np.random.Generator) -> int:
        """logits: (vocabulary) of one sequence, which has the tokens `seen`."""
        logits = self._penalised(logits.astype(np.float64), seen)
        if self.temperature == 0:
            return int(logits.argmax())
        tokens, chances = self.candidates(logits)
        return int(tokens[np.searchsorted(chances.cumsum(), random.random() * chances.sum(), side="right")])

    def candidates(self, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tokens that may be drawn, and their probabilities, which add up to 1."""
        count = min(self.top_k or len(logits), len(logits))
        tokens = np.arange(count) if count == len(logits) else np.argpartition(logits, -count)[-count:]
        chances = np.exp((logits[tokens] - logits.max()) / self.temperature)
        chances /= chances.sum()
        if self.top_p is not None:
            order = np.argsort(-chances, kind="stable")
            kept = order[: np.searchsorted(chances[order].cumsum(), self.top_p) + 1]
            tokens, chances = tokens[kept], chances[kept] / chances[kept].sum()
        return tokens, chances

    def _penalised(self, logits: np.ndarray, seen: Sequence[int]) -> np.ndarray:
        if self.repetition_penalty != 1 and len(seen):
            known = np.unique(np.asarray(seen, np.int64))
            held = logits[known]
            logits[known] = np.where(held > 0, held / self.repetition_penalty, held * self.repetition_penalty)
        return logits
