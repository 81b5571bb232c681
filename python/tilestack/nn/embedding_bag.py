"""Sums of embeddings."""

from __future__ import annotations

import numpy as np

import tilestack as ts
from tilestack._core import Tensor, embedding


def refuse_options(name: str, max_norm: float | None, scale_grad_by_freq: bool) -> None:
    if max_norm is not None:
        raise ValueError(
            f"{name}: max_norm is not supported, got {max_norm}: forward never writes to the weight; "
            "scale its rows after a step, under no_grad, by weight.copy_(weight.renorm(2, 0, max_norm))"
        )
    if scale_grad_by_freq:
        raise ValueError(f"{name}: scale_grad_by_freq=True is not supported; scale the gradient in a hook")


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    *,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or maximum of the embeddings in each bag, of (bags, embedding_dim); zeros for an empty bag.

    input: (bags, n) int64 or int32 row numbers of weight (num_embeddings, embedding_dim), or (total) with offsets (bags),
    where each bag begins; with include_last_offset its last element is where the last bag ends. mode: "mean", "sum" or
    "max". per_sample_weights: factors of input's shape, for "sum". padding_idx: a row that counts for nothing.
    max_norm and scale_grad_by_freq are refused; norm_type and sparse have no effect.
    """
    refuse_options("embedding_bag", max_norm, scale_grad_by_freq)
    if mode not in ("mean", "sum", "max"):
        raise ValueError(f'embedding_bag: mode must be "mean", "sum" or "max", got {mode!r}')
    if per_sample_weights is not None and mode != "sum":
        raise ValueError(f'embedding_bag: per_sample_weights need mode "sum", got {mode!r}')
    if per_sample_weights is not None and per_sample_weights.shape != input.shape:
        raise ValueError(
            f"embedding_bag: per_sample_weights must have input's shape {tuple(input.shape)}, "
            f"got {tuple(per_sample_weights.shape)}"
        )
    if (input.dim(), offsets is None) not in ((2, True), (1, False)):
        raise ValueError(
            f"embedding_bag: input must be 2-D, or 1-D with offsets; got shape {tuple(input.shape)} "
            f"{'without' if offsets is None else 'with'} offsets"
        )
    counted = None
    if offsets is not None:
        places, there = _places(offsets, input.shape[0], include_last_offset)
        at = ts.tensor(places, device=input.device)
        counted = ts.tensor(there, device=input.device)
        input = input[at] if input.shape[0] else ts.zeros(places.shape, dtype=ts.int64, device=input.device)
        per_sample_weights = None if per_sample_weights is None else per_sample_weights[at]
    if padding_idx is not None:
        row = padding_idx + weight.shape[0] if padding_idx < 0 else padding_idx
        counted = input != row if counted is None else counted & (input != row)
    rows = embedding(input, weight)  # (bags, n, embedding_dim)
    if mode == "max":
        return _largest(rows, counted)
    factors = ts.ones(input.shape, dtype=weight.dtype, device=weight.device)
    if per_sample_weights is not None:
        factors = per_sample_weights
    if counted is not None:
        factors = factors * counted.to(weight.dtype)
    total = (factors.unsqueeze(1) @ rows).squeeze(1)
    if mode == "sum":
        return total
    return total / factors.sum(1, True).clamp(min=1.0)


def _largest(rows: Tensor, counted: Tensor | None) -> Tensor:
    if rows.shape[1] == 0:
        return rows.sum(1)
    if counted is None:
        return rows.amax(1)
    largest = ts.where(counted.unsqueeze(2), rows, float("-inf")).amax(1)
    return ts.where(counted.any(1, True), largest, 0.0)


def _places(offsets: Tensor, total: int, include_last: bool) -> tuple[np.ndarray, np.ndarray]:
    """The places in input of each bag's elements as one matrix, and which of its elements there are."""
    starts = offsets.cpu().numpy().astype(np.int64)
    ends = starts[1:] if include_last else np.append(starts[1:], total)
    starts = starts[: len(ends)]
    if starts.ndim != 1 or (len(starts) and (starts[0] != 0 or ends[-1] > total)) or (ends < starts).any():
        raise ValueError(f"embedding_bag: offsets must begin with 0 and rise to at most {total}, got {offsets}")
    lengths = ends - starts
    steps = np.arange(lengths.max(initial=0))
    there = steps < lengths[:, None]
    return np.where(there, starts[:, None] + steps, 0), there
