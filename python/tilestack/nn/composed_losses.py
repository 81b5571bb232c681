"""Losses that are made of other ops. Each takes reduction "mean", "sum" or "none"."""

from __future__ import annotations

from typing import Any

import tilestack as ts
from tilestack._autocast import in_float32
from tilestack._core import Tensor


@in_float32
def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """target (log target - input): the divergence of a distribution from the one whose logarithm is input.

    target: probabilities, or their logarithms with log_target; it is broadcast with input. reduction: also "batchmean",
    the sum divided by the size of dimension 0, which is the divergence as it is defined; "mean" divides by all elements.
    """
    if log_target:
        loss = target.exp() * (target - input)
    else:
        zero = target == 0
        loss = ts.where(zero, 0.0 * input, target * (ts.where(zero, 1.0, target).log() - input))
    if reduction == "batchmean":
        return loss.sum() / (input.shape[0] if input.dim() else 1)
    return reduced("kl_div", loss, reduction)


class _BinaryCrossEntropy(ts.Function):
    @staticmethod
    def forward(ctx: Any, input: Tensor, target: Tensor) -> Tensor:
        ctx.save_for_backward(input, target)
        return -(target * input.log().clamp(min=-100.0) + (1 - target) * (1 - input).log().clamp(min=-100.0))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, Tensor | None]:
        input, target = ctx.saved_tensors
        dx = dy * (input - target) / (input * (1 - input)).clamp(min=1e-12)
        if not ctx.needs_input_grad[1]:
            return dx, None
        return dx, dy * ((1 - input).log().clamp(min=-100.0) - input.log().clamp(min=-100.0))


@in_float32
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """-(t log p + (1 - t) log(1 - p)) of probabilities p = input and t = target, of one shape.

    The logarithms are at least -100. weight: a factor of each element, broadcast.
    binary_cross_entropy_with_logits is faster and exact where sigmoid saturates.
    """
    check_shapes("binary_cross_entropy", input, target)
    loss = _BinaryCrossEntropy.apply(input, target)
    return reduced("binary_cross_entropy", loss if weight is None else loss * weight, reduction)


@in_float32
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1 . x2 / (|x1| |x2|) along dim, each length at least eps. x1 and x2 are broadcast."""
    x1, x2 = ts.broadcast_tensors(x1, x2)
    lengths = [(x * x).sum(dim).sqrt().clamp(min=eps) for x in (x1, x2)]
    return (x1 * x2).sum(dim) / (lengths[0] * lengths[1])


@in_float32
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """1 - cos for pairs with target 1, max(0, cos - margin) for those with target -1.

    input1, input2: (N, D) or (D). target: (N) or () of 1 and -1.
    """
    check_shapes("cosine_embedding_loss", input1, input2)
    squares = [(x * x).sum(-1) + 1e-12 for x in (input1, input2)]
    cosine = (input1 * input2).sum(-1) / (squares[0] * squares[1]).sqrt()
    if cosine.shape != target.shape:
        raise ValueError(
            f"cosine_embedding_loss: target must have shape {tuple(cosine.shape)}, got {tuple(target.shape)}"
        )
    loss = ts.where(target == 1, 1 - cosine, (cosine - margin).clamp(min=0.0))
    return reduced("cosine_embedding_loss", loss, reduction)


@in_float32
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of x1 - x2 + eps along the last dimension. x1 and x2 are broadcast."""
    return (x1 - x2 + eps).norm(p, -1, keepdim)


@in_float32
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Tensor:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), d the distance of the p-norm; (N, D) or (D) each.

    swap: the negative's distance is the smaller one of those to anchor and positive (Balntas et al., 2016).
    """
    if margin <= 0:
        raise ValueError(f"triplet_margin_loss: margin must be positive, got {margin}")
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = ts.minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced("triplet_margin_loss", (near - far + margin).clamp(min=0.0), reduction)


@in_float32
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """max(0, -target (input1 - input2) + margin): target 1 wants input1 to be the larger one, -1 input2."""
    return reduced("margin_ranking_loss", (margin - target * (input1 - input2)).clamp(min=0.0), reduction)


def reduced(op: str, loss: Tensor, reduction: str) -> Tensor:
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{op}: reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
    return loss.mean() if reduction == "mean" else loss.sum()


def check_shapes(op: str, input: Tensor, target: Tensor) -> None:
    if input.shape != target.shape:
        raise ValueError(
            f"{op}: input and target must have the same shape, got {tuple(input.shape)} and {tuple(target.shape)}"
        )
