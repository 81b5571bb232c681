"""The ops that layers are made of, as functions under torch's names."""

from __future__ import annotations

import math
from typing import Any

from tilestack._autocast import in_float32
from tilestack._core import (
    Tensor,
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    avg_pool2d,
    batch_norm,
    celu,
    conv1d,
    conv2d,
    conv_transpose1d,
    conv_transpose2d,
    cross_entropy,
    dropout,
    elu,
    embedding,
    fold,
    fused_conv2d,  # noqa: F401  for layers that take an activation along
    fused_linear,  # noqa: F401
    gelu,
    glu,
    group_norm,
    hardsigmoid,
    hardswish,
    hardtanh,
    huber_loss,
    interpolate,
    l1_loss,
    layer_norm,
    leaky_relu,
    linear,
    local_response_norm,
    log_softmax,
    logsigmoid,
    max_pool2d,
    mish,
    mse_loss,
    nll_loss,
    one_hot,
    ones_like,
    pad,
    pixel_shuffle,
    pixel_unshuffle,
    prelu,
    quantized_linear,
    relu,
    relu6,
    rms_norm,
    rotary_embedding,
    scaled_dot_product_attention,
    selu,
    sigmoid,
    silu,
    smooth_l1_loss,
    softmax,
    softplus,
    softsign,
    swiglu,
    tanh,
    threshold,
    unfold,
)
from tilestack._core import binary_cross_entropy_with_logits as _bce_with_logits
from tilestack.nn.composed_activations import (
    alpha_dropout,
    dropout1d,
    dropout2d,
    dropout3d,
    feature_alpha_dropout,
    hardshrink,
    normalize,
    rrelu,
    softmin,
    softshrink,
    tanhshrink,
)
from tilestack.nn.composed_convolutions import conv3d, conv_transpose3d
from tilestack.nn.composed_losses import (
    binary_cross_entropy,
    check_shapes,
    cosine_embedding_loss,
    cosine_similarity,
    kl_div,
    margin_ranking_loss,
    pairwise_distance,
    reduced,
    triplet_margin_loss,
)
from tilestack.nn.composed_pools import (
    adaptive_avg_pool1d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool3d,
    avg_pool1d,
    avg_pool3d,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
    max_pool1d,
    max_pool3d,
    max_unpool1d,
    max_unpool2d,
    max_unpool3d,
)
from tilestack.nn.embedding_bag import embedding_bag
from tilestack.nn.grids import affine_grid, grid_sample
from tilestack.nn.linear_loss import linear_cross_entropy
from tilestack.nn.margin_losses import (
    gaussian_nll_loss,
    hinge_embedding_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    poisson_nll_loss,
    soft_margin_loss,
    triplet_margin_with_distance_loss,
)
from tilestack.nn.positions import rotary_tables, sinusoidal_positions

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "affine_grid",
    "alpha_dropout",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "channel_shuffle",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cosine_embedding_loss",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "elu",
    "embedding",
    "embedding_bag",
    "feature_alpha_dropout",
    "fold",
    "gaussian_nll_loss",
    "gelu",
    "glu",
    "grid_sample",
    "group_norm",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hinge_embedding_loss",
    "huber_loss",
    "instance_norm",
    "interpolate",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "linear_cross_entropy",
    "local_response_norm",
    "log_softmax",
    "logsigmoid",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "margin_ranking_loss",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "mish",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "pairwise_distance",
    "pixel_shuffle",
    "pixel_unshuffle",
    "poisson_nll_loss",
    "prelu",
    "quantized_linear",
    "relu",
    "relu6",
    "rms_norm",
    "rotary_embedding",
    "rotary_tables",
    "rrelu",
    "scaled_dot_product_attention",
    "selu",
    "sigmoid",
    "silu",
    "sinusoidal_positions",
    "smooth_l1_loss",
    "soft_margin_loss",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "swiglu",
    "tanh",
    "tanhshrink",
    "threshold",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
    "unfold",
    "upsample",
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
    if weight is None and pos_weight is None and not target.requires_grad:
        return _bce_with_logits(input, target, reduction=reduction)
    if target.requires_grad:  # to the op it is a constant
        check_shapes("binary_cross_entropy_with_logits", input, target)
        loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    else:
        loss = _bce_with_logits(input, target, reduction="none")
    if pos_weight is not None:  # with target 1 the op is -log sigmoid(x)
        loss = loss + (pos_weight - 1) * target * _bce_with_logits(input, ones_like(input), reduction="none")
    if weight is not None:
        loss = loss * weight
    return reduced("binary_cross_entropy_with_logits", loss, reduction)


@in_float32
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(input - mean) / sqrt(variance + eps) * weight + bias for each channel of each sample (Ulyanov et al., 2016).

    input: (batch, channels, ...) float, at least 3 dimensions. Without use_input_stats mean and variance are the
    running ones; with it these, if given, move towards the mean over the batch, as in batch_norm.
    """
    if input.dim() < 3:
        raise ValueError(f"instance_norm: input must have at least 3 dimensions, got shape {tuple(input.shape)}")
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    batch, channels = input.shape[:2]
    if math.prod(input.shape[2:]) == 1:
        raise ValueError(f"instance_norm: wanted more than one value a channel, got shape {tuple(input.shape)}")
    if running_mean is not None and running_var is not None and batch > 0:
        values = input.detach().flatten(2)
        for running, now in ((running_mean, values.mean(-1)), (running_var, values.var(-1))):
            running.add_(now.mean(0) - running, alpha=momentum)
    return group_norm(input, channels, weight, bias, eps)


def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """interpolate, under its old name."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Channels of groups in turn: (batch, channels, ...), channels a multiple of groups (Zhang et al., 2018)."""
    if input.dim() < 3 or groups < 1 or input.shape[1] % groups:
        raise ValueError(
            f"channel_shuffle: input must have shape (batch, channels, ...) with channels a multiple of {groups}, "
            f"got {tuple(input.shape)}"
        )
    return input.unflatten(1, (groups, input.shape[1] // groups)).transpose(1, 2).flatten(1, 2)
