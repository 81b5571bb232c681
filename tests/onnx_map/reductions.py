"""Reductions, scans, sorting, losses."""

from __future__ import annotations

import tilestack as ts
from onnx_map.graph import numbers, operator

F = ts.nn.functional


def reduction(name):
    """ONNX's reductions differ only in what they do with the axes."""

    def register(function):
        @operator(name)
        def reduce(node, x, axes=None):
            dims = node("axes") if axes is None else numbers(axes)
            if not dims and node("noop_with_empty_axes", 0):
                return x.clone()
            return function(x, tuple(dims) if dims else None, bool(node("keepdims", 1)))

        return function

    return register


@reduction("ReduceSum")
def reduce_sum(x, dims, keepdim):
    return ts.sum(x, dims, keepdim, dtype=x.dtype)


@reduction("ReduceMean")
def reduce_mean(x, dims, keepdim):
    return ts.mean(x, dims, keepdim)


@reduction("ReduceProd")
def reduce_prod(x, dims, keepdim):
    return ts.prod(x, dims, keepdim, dtype=x.dtype)


@reduction("ReduceMax")
def reduce_max(x, dims, keepdim):
    if x.dtype == ts.bool:
        return ts.any(x, dims, keepdim)
    return ts.amax(x, dims, keepdim)


@reduction("ReduceMin")
def reduce_min(x, dims, keepdim):
    if x.dtype == ts.bool:
        return ts.all(x, dims, keepdim)
    return ts.amin(x, dims, keepdim)


@reduction("ReduceL1")
def reduce_l1(x, dims, keepdim):
    return ts.norm(x, 1, dims, keepdim)


@reduction("ReduceL2")
def reduce_l2(x, dims, keepdim):
    return ts.norm(x, 2, dims, keepdim)


@reduction("ReduceLogSum")
def reduce_log_sum(x, dims, keepdim):
    return ts.log(ts.sum(x, dims, keepdim))


@reduction("ReduceLogSumExp")
def reduce_logsumexp(x, dims, keepdim):
    return ts.logsumexp(x, tuple(range(x.dim())) if dims is None else dims, keepdim)


@reduction("ReduceSumSquare")
def reduce_sum_square(x, dims, keepdim):
    return ts.sum(ts.square(x), dims, keepdim, dtype=x.dtype)


def arg_extreme(name, function):
    @operator(name)
    def find(node, x):
        dim, keepdim = node("axis", 0), bool(node("keepdims", 1))
        if not node("select_last_index", 0):
            return function(x, dim, keepdim)
        return x.shape[dim] - 1 - function(ts.flip(x, (dim,)), dim, keepdim)


arg_extreme("ArgMax", ts.argmax)
arg_extreme("ArgMin", ts.argmin)


def scanned(node, x, dim, scan):
    """A scan, possibly from the end, possibly without the element itself."""
    if node("reverse", 0):
        x = ts.flip(x, (dim,))
    if node("exclusive", 0):
        start = ts.zeros_like(x.narrow(dim, 0, 1)) if scan is ts.cumsum else ts.ones_like(x.narrow(dim, 0, 1))
        x = ts.cat([start, x.narrow(dim, 0, x.shape[dim] - 1)], dim)
    y = scan(x, dim, dtype=x.dtype)
    return ts.flip(y, (dim,)) if node("reverse", 0) else y


@operator("CumSum")
def cumsum(node, x, axis):
    return scanned(node, x, axis.item(), ts.cumsum)


if hasattr(ts, "cumprod"):

    @operator("CumProd")
    def cumprod(node, x, axis):
        return scanned(node, x, axis.item(), ts.cumprod)


def over_axis(node, x, function):
    """Before opset 13 the axis and all that follow it are one."""
    if node.opset >= 13:
        return function(x, node("axis", -1))
    axis = node("axis", 1) % x.dim()
    return function(x.reshape(*x.shape[:axis], -1), axis).reshape(x.shape)


@operator("Softmax")
def softmax(node, x):
    return over_axis(node, x, F.softmax)


@operator("LogSoftmax")
def log_softmax(node, x):
    return over_axis(node, x, F.log_softmax)


@operator("Hardmax")
def hardmax(node, x):
    return over_axis(node, x, lambda x, dim: F.one_hot(x.argmax(dim), x.shape[dim]).movedim(-1, dim).to(x.dtype))


@operator("TopK")
def topk(node, x, k):
    dim = node("axis", -1)
    values, indices = ts.topk(x, k.item(), dim, bool(node("largest", 1)), bool(node("sorted", 1)))
    return values, indices


@operator("LpNormalization")
def lp_normalization(node, x):
    norm = ts.norm(x, node("p", 2), node("axis", -1), keepdim=True)
    return ts.where(norm == 0, ts.zeros_like(x), x / norm)


@operator("NegativeLogLikelihoodLoss")
def nll_loss(node, x, target, weight=None):
    return F.nll_loss(x, target, weight, node("ignore_index", -100), node("reduction", "mean"))


@operator("SoftmaxCrossEntropyLoss")
def softmax_cross_entropy_loss(node, x, target, weight=None):
    loss = F.cross_entropy(x, target, weight, node("ignore_index", -100), node("reduction", "mean"))
    return (loss, F.log_softmax(x, 1))[: node.outputs]
