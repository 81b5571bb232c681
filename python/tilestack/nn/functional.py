"""The ops that layers are made of, as functions under torch's names."""

from __future__ import annotations

from tilestack._core import (
    Tensor,
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    avg_pool2d,
    batch_norm,
    celu,
    conv2d,
    cross_entropy,
    dropout,
    elu,
    embedding,
    fused_conv2d,  # noqa: F401  for layers that take an activation along
    fused_linear,  # noqa: F401
    gelu,
    glu,
    hardsigmoid,
    hardswish,
    hardtanh,
    l1_loss,
    layer_norm,
    leaky_relu,
    linear,
    log_softmax,
    logsigmoid,
    max_pool2d,
    mish,
    mse_loss,
    nll_loss,
    one_hot,
    ones_like,
    pad,
    prelu,
    relu,
    relu6,
    rms_norm,
    rotary_embedding,
    scaled_dot_product_attention,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    swiglu,
    tanh,
    threshold,
)
from tilestack._core import binary_cross_entropy_with_logits as _bce_with_logits
from tilestack.nn.composed_losses import (
    binary_cross_entropy,
    cosine_embedding_loss,
    cosine_similarity,
    huber_loss,
    kl_div,
    margin_ranking_loss,
    pairwise_distance,
    reduced,
    smooth_l1_loss,
    triplet_margin_loss,
)
from tilestack.nn.embedding_bag import embedding_bag
from tilestack.nn.linear_loss import linear_cross_entropy
from tilestack.nn.positions import rotary_tables, sinusoidal_positions

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_max_pool2d",
    "avg_pool2d",
    "batch_norm",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "conv2d",
    "cosine_embedding_loss",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "elu",
    "embedding",
    "embedding_bag",
    "gelu",
    "glu",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "linear_cross_entropy",
    "log_softmax",
    "logsigmoid",
    "margin_ranking_loss",
    "max_pool2d",
    "mish",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "pad",
    "pairwise_distance",
    "prelu",
    "relu",
    "relu6",
    "rms_norm",
    "rotary_embedding",
    "rotary_tables",
    "scaled_dot_product_attention",
    "selu",
    "sigmoid",
    "silu",
    "sinusoidal_positions",
    "smooth_l1_loss",
    "softmax",
    "softplus",
    "softsign",
    "swiglu",
    "tanh",
    "threshold",
    "triplet_margin_loss",
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
    loss = _bce_with_logits(input, target, reduction="none")
    if pos_weight is not None:  # with target 1 the op is -log sigmoid(x)
        loss = loss + (pos_weight - 1) * target * _bce_with_logits(input, ones_like(input), reduction="none")
    if weight is not None:
        loss = loss * weight
    return reduced("binary_cross_entropy_with_logits", loss, reduction)
