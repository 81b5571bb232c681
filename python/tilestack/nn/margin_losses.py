"""Losses of margins and of distributions, made of other ops. Each takes reduction "mean", "sum" or "none"."""

from __future__ import annotations

import math
from collections.abc import Callable

import tilestack as ts
from tilestack._core import Tensor
from tilestack.nn.composed_losses import check_shapes, pairwise_distance, reduced


def _check_classes(op: str, input: Tensor, target: Tensor, target_shape: tuple[int, ...]) -> None:
    if input.dim() not in (1, 2) or input.shape[-1] == 0 or target.shape != target_shape:
        raise ValueError(
            f"{op}: wanted input (classes) or (batch, classes) and a target of shape {target_shape}, "
            f"got {tuple(input.shape)} and {tuple(target.shape)}"
        )


def soft_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """log(1 + exp(-target input)) of targets 1 and -1. Both of one shape."""
    check_shapes("soft_margin_loss", input, target)
    return reduced("soft_margin_loss", -ts.nn.functional.logsigmoid(target * input), reduction)


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    """input where target is 1, max(0, margin - input) where it is -1, broadcast."""
    near = ts.where(target != -1, input, 0.0)
    far = ts.where(target != 1, (margin - input).clamp(min=0), 0.0)
    return reduced("hinge_embedding_loss", near + far, reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    *,
    reduction: str = "mean",
) -> Tensor:
    """exp(input) - target input, or input - target log(input + eps) without log_input: a Poisson distribution's loss.

    full: with Stirling's approximation of log(target!) for targets above 1.
    """
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        more = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + ts.where(target > 1, more, 0.0)
    return reduced("poisson_nll_loss", loss, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    *,
    reduction: str = "mean",
) -> Tensor:
    """(log v + (input - target)^2 / v) / 2 with v = max(var, eps): a normal distribution's loss.

    var: of input's shape, or without its last dimension or with size 1 in one of them, or a number. No gradient passes the
    limit eps. full: with the constant log(2 pi) / 2.
    """
    op = "gaussian_nll_loss"
    if not isinstance(var, Tensor):
        if var < 0:
            raise ValueError(f"{op}: var must not be negative, got {var}")
        var = ts.full_like(input.detach(), var)
    elif var.shape != input.shape:
        if var.shape == input.shape[:-1]:
            var = var.unsqueeze(-1)
        elif input.dim() != var.dim() or sum(n for n, m in zip(var.shape, input.shape, strict=True) if n != m) != 1:
            raise ValueError(f"{op}: var must fit input of shape {tuple(input.shape)}, got {tuple(var.shape)}")
    if bool((var < 0).any()):
        raise ValueError(f"{op}: var must not be negative")
    # The limit counts as a constant shift, so that the gradient reaches var below it too.
    limited = var + (var.detach().clamp(min=eps) - var.detach())
    loss = 0.5 * (limited.log() + (input - target) ** 2 / limited)
    return reduced(op, loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
) -> Tensor:
    """The mean over other classes of max(0, margin - input[target] + input)^p, times weight[target].

    input: (classes) or (batch, classes). target: int64 () or (batch). weight: (classes).
    """
    op = "multi_margin_loss"
    input = input.reshape(1) if input.dim() == 0 else input
    if p not in (1, 2):
        raise ValueError(f"{op}: p must be 1 or 2, got {p}")
    one = (1,) if input.dim() == 1 and target.dim() == 1 else ()
    _check_classes(op, input, target, tuple(input.shape[:-1]) or one)
    index = target.reshape(*input.shape[:-1], 1)
    gap = (margin - input.gather(-1, index) + input).clamp(min=0) ** p
    if weight is not None:
        gap = gap * weight[index]
    loss = ts.scatter(gap, -1, index, 0).sum(-1) / input.shape[-1]
    return reduced(op, loss, reduction)


def multilabel_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """The mean over classes of max(0, 1 - input[label] + input[other]), for all labels and all classes that are none.

    input: (classes) or (batch, classes). target: int64 of that shape, labels first, then -1.
    """
    op = "multilabel_margin_loss"
    if input.dim() == 0:
        input, target = input.reshape(1), target.reshape(-1)
    _check_classes(op, input, target, tuple(input.shape))
    valid = (target < 0).to(ts.int64).cumsum(-1) == 0
    index = ts.where(valid, target, 0)
    hits = ts.zeros_like(target).scatter_add(-1, index, valid.to(ts.int64)) > 0
    margins = (1 - input.gather(-1, index).unsqueeze(-1) + input.unsqueeze(-2)).clamp(min=0)
    counted = valid.unsqueeze(-1).logical_and(hits.logical_not().unsqueeze(-2))
    loss = ts.where(counted, margins, 0.0).sum((-2, -1)) / input.shape[-1]
    return reduced(op, loss, reduction)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """The mean over classes of binary cross entropy with logits. target: of input's shape, 0 or 1. weight: (classes)."""
    check_shapes("multilabel_soft_margin_loss", input, target)
    F = ts.nn.functional
    loss = -(target * F.logsigmoid(input) + (1 - target) * F.logsigmoid(-input))
    loss = loss if weight is None else loss * weight
    return reduced("multilabel_soft_margin_loss", loss.mean(-1), reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """triplet_margin_loss with a distance of one's own, by default pairwise_distance."""
    if margin <= 0:
        raise ValueError(f"triplet_margin_with_distance_loss: margin must be positive, got {margin}")
    distance = distance_function or pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = ts.minimum(far, distance(positive, negative))
    return reduced("triplet_margin_with_distance_loss", (near - far + margin).clamp(min=0.0), reduction)
