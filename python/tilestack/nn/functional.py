"""The ops that layers are made of, as functions under torch's names."""

from __future__ import annotations

from tilestack._core import (
    Tensor,
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    avg_pool2d,
    batch_norm,
    conv1d,
    conv2d,
    conv_transpose1d,
    conv_transpose2d,
    cross_entropy,
    dropout,
    embedding,
    fold,
    fused_conv2d,  # noqa: F401  for layers that take an activation along
    fused_linear,  # noqa: F401
    gelu,
    l1_loss,
    layer_norm,
    linear,
    log_softmax,
    max_pool2d,
    mse_loss,
    nll_loss,
    one_hot,
    ones_like,
    pad,
    pixel_shuffle,
    pixel_unshuffle,
    relu,
    rms_norm,
    sigmoid,
    softmax,
    tanh,
    unfold,
)
from tilestack._core import binary_cross_entropy_with_logits as _bce_with_logits

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_max_pool2d",
    "avg_pool2d",
    "batch_norm",
    "binary_cross_entropy_with_logits",
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
    "cross_entropy",
    "dropout",
    "embedding",
    "fold",
    "gelu",
    "l1_loss",
    "layer_norm",
    "linear",
    "log_softmax",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "pad",
    "pixel_shuffle",
    "pixel_unshuffle",
    "relu",
    "rms_norm",
    "sigmoid",
    "softmax",
    "tanh",
    "unfold",
]


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """-(p t log sigmoid(x) + (1 - t) log(1 - sigmoid(x))) of logits x and probabilities t, both of one shape.

    weight: factor of each element; pos_weight: p, factor of the positive part. They broadcast to x's shape.
    """
    if weight is None and pos_weight is None:
        return _bce_with_logits(input, target, reduction=reduction)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(
            f'binary_cross_entropy_with_logits: reduction must be "mean", "sum" or "none", got {reduction!r}'
        )
    loss = _bce_with_logits(input, target, reduction="none")
    if pos_weight is not None:  # with target 1 the op is -log sigmoid(x)
        loss = loss + (pos_weight - 1) * target * _bce_with_logits(input, ones_like(input), reduction="none")
    if weight is not None:
        loss = loss * weight
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()
