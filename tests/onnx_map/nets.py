"""Layers: norms, products, resampling."""

from __future__ import annotations

import math

import tilestack as ts
from onnx_map.graph import NotMapped, numbers, operator

F = ts.nn.functional


def beside(x, parameter):
    """A parameter of each channel, to be broadcast."""
    return parameter.reshape(-1, *(1,) * (x.dim() - 2))


@operator("BatchNormalization")
def batch_norm(node, x, weight, bias, mean, var):
    eps = node("epsilon", 1e-5)
    if not node("training_mode", 0):
        return F.batch_norm(x, mean, var, weight, bias, False, 0.1, eps)
    kept = node("momentum", 0.9)
    axes = (0, *range(2, x.dim()))
    y = F.batch_norm(x, None, None, weight, bias, True, 0.1, eps)
    # Torch's running variance moves towards the unbiased one.
    now, spread = x.mean(axes), x.var(axes, correction=0)
    return y, mean * kept + now * (1 - kept), var * kept + spread * (1 - kept)


@operator("LayerNormalization")
def layer_norm(node, x, weight, bias=None):
    axis, eps = node("axis", -1) % x.dim(), node("epsilon", 1e-5)
    shape = x.shape[axis:]
    y = F.layer_norm(x, shape, weight, bias, eps)
    if node.outputs == 1:
        return y
    dims = tuple(range(axis, x.dim()))
    var, mean = ts.var_mean(x, dims, correction=0, keepdim=True)
    return (y, mean, ts.rsqrt(var + eps))[: node.outputs]


@operator("RMSNormalization")
def rms_norm(node, x, weight):
    return F.rms_norm(x, x.shape[node("axis", -1) % x.dim() :], weight, node("epsilon", 1e-5))


@operator("GroupNormalization")
def group_norm(node, x, weight, bias):
    return F.group_norm(x, node("num_groups"), weight, bias, node("epsilon", 1e-5))


@operator("InstanceNormalization")
def instance_norm(node, x, weight, bias):
    return F.instance_norm(x, weight=weight, bias=bias, eps=node("epsilon", 1e-5))


@operator("LRN")
def local_response_norm(node, x):
    return F.local_response_norm(x, node("size"), node("alpha", 1e-4), node("beta", 0.75), node("bias", 1.0))


@operator("MeanVarianceNormalization")
def mean_variance_normalization(node, x):
    var, mean = ts.var_mean(x, tuple(node("axes", [0, 2, 3])), correction=0, keepdim=True)
    return (x - mean) / (ts.sqrt(var) + 1e-9)


@operator("Gemm")
def gemm(node, a, b, c=None):
    a = a.t() if node("transA", 0) else a
    alpha, beta = node("alpha", 1.0), node("beta", 1.0)
    if c is not None and alpha == beta == 1 and c.dim() == 1 and node("transB", 0) and c.shape[0] == b.shape[0]:
        return F.linear(a, b, c)
    y = alpha * (a @ (b.t() if node("transB", 0) else b))
    return y if c is None else y + beta * c


@operator("MatMul")
def matmul(node, a, b):
    return ts.matmul(a, b)


if hasattr(ts, "einsum"):

    @operator("Einsum")
    def einsum(node, *xs):
        return ts.einsum(node("equation"), *xs)


def keeps_aspect(policy, size, wanted):
    """Sizes of one factor that are nowhere larger, or nowhere smaller, than what is wanted."""
    factors = [w / s for w, s in zip(wanted, size, strict=True)]
    factor = min(factors) if policy == "not_larger" else max(factors)
    return [math.floor(factor * s + 0.5) for s in size]


@operator("Resize", "Upsample")
def resize(node, x, *inputs):
    scales, sizes = (inputs[0], None) if len(inputs) == 1 else (*inputs[1:], None, None)[:2]
    mode, places = node("mode", "nearest"), node("coordinate_transformation_mode", "half_pixel")
    scales = numbers(scales) if scales is not None and scales.numel() else None
    sizes = numbers(sizes) if sizes is not None else None
    axes = [axis % x.dim() for axis in node("axes", list(range(x.dim())))]
    given = dict(zip(axes, scales or sizes, strict=True))
    policy = node("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch":
        given = dict(zip(axes, keeps_aspect(policy, [x.shape[a] for a in axes], sizes), strict=True))
    full = [given.get(axis, 1 if scales else x.shape[axis]) for axis in range(x.dim())]
    if full[:2] != ([1, 1] if scales else list(x.shape[:2])):
        raise NotMapped("resampling of batch or channels")
    if places == "align_corners" and scales and any(s * f % 1 for s, f in zip(x.shape[2:], full[2:], strict=True)):
        raise NotMapped("torch aligns the corners of whole sizes")
    how = {"scale_factor": full[2:]} if scales else {"size": full[2:]}
    out = [math.floor(s * f) for s, f in zip(x.shape[2:], full[2:], strict=True)] if scales else full[2:]
    if mode == "nearest":
        return F.interpolate(x, mode=nearest_of(node, places, x.shape[2:], out), **how)
    if node("antialias", 0):
        how["antialias"] = True
    if mode == "cubic" and (node("cubic_coeff_a", -0.75) != -0.75 or node("exclude_outside", 0)):
        raise NotMapped("torch's bicubic has coefficient -0.75 and repeats the edge")
    if places not in ("half_pixel", "align_corners") and not (places == "pytorch_half_pixel" and min(out) > 1):
        raise NotMapped(f"torch has no {places}")
    names = {"linear": ("linear", "bilinear", "trilinear"), "cubic": ("", "bicubic", "")}
    align = places == "align_corners"
    return F.interpolate(x, mode=names[mode][x.dim() - 3], align_corners=align, **how)


def nearest_of(node, places, size, out):
    """Torch's mode for ONNX's way to round places."""
    rounding = node("nearest_mode", "round_prefer_floor")
    if node.opset < 11 or (places == "asymmetric" and rounding == "floor"):
        return "nearest"
    between = any((2 * o + 1) * s % (2 * n) == 0 for s, n in zip(size, out, strict=True) for o in range(n))
    if places == "half_pixel" and rounding.startswith("round") and not (between and rounding.endswith("floor")):
        return "nearest-exact"
    raise NotMapped(f"torch does not round {places} places by {rounding}")


@operator("GridSample")
def grid_sample(node, x, grid):
    modes = {"linear": "bilinear", "cubic": "bicubic"}
    mode = modes.get(node("mode", "bilinear"), node("mode", "bilinear"))
    return F.grid_sample(x, grid, mode, node("padding_mode", "zeros"), bool(node("align_corners", 0)))


@operator("AffineGrid")
def affine_grid(node, theta, size):
    return F.affine_grid(theta, numbers(size), bool(node("align_corners", 0)))


@operator("DepthToSpace")
def depth_to_space(node, x):
    r = node("blocksize")
    if node("mode", "DCR") == "CRD":
        return F.pixel_shuffle(x, r)
    n, c, h, w = x.shape
    return F.pixel_shuffle(x.reshape(n, r * r, c // (r * r), h, w).transpose(1, 2).reshape(n, c, h, w), r)


@operator("SpaceToDepth")
def space_to_depth(node, x):
    r = node("blocksize")
    n, c, h, w = x.shape
    y = F.pixel_unshuffle(x, r)
    if node("mode", "DCR") == "CRD":
        return y
    return y.reshape(n, c, r * r, h // r, w // r).transpose(1, 2).reshape(y.shape)
