"""Shapes, joining, indices."""

from __future__ import annotations

import math

import tilestack as ts
from onnx_map.elementwise import dtype_of
from onnx_map.graph import NotMapped, numbers, operator, to_tensor

F = ts.nn.functional


@operator("Shape")
def shape(node, x):
    return ts.tensor(list(x.shape)[slice(node("start", 0), node("end"))], dtype=ts.int64)


@operator("Size")
def size(node, x):
    return ts.tensor(x.numel(), dtype=ts.int64)


@operator("Reshape")
def reshape(node, x, wanted=None):
    wanted = node("shape") if wanted is None else numbers(wanted)
    if not node("allowzero", 0):
        wanted = [x.shape[i] if n == 0 else n for i, n in enumerate(wanted)]
    return x.reshape(wanted)


@operator("Flatten")
def flatten(node, x):
    axis = node("axis", 1)
    axis = axis + x.dim() if axis < 0 else axis
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


@operator("Transpose")
def transpose(node, x):
    return x.permute(node("perm", list(range(x.dim()))[::-1]))


@operator("Squeeze")
def squeeze(node, x, axes=None):
    dims = node("axes") if axes is None else numbers(axes)
    if dims is None:
        return x.squeeze()
    for dim in sorted((d % x.dim() for d in dims), reverse=True):
        x = x.squeeze(dim)
    return x


@operator("Unsqueeze")
def unsqueeze(node, x, axes=None):
    dims = node("axes") if axes is None else numbers(axes)
    for dim in sorted(d % (x.dim() + len(dims)) for d in dims):
        x = x.unsqueeze(dim)
    return x


@operator("Expand")
def expand(node, x, wanted):
    sizes = numbers(wanted)
    rank = max(len(sizes), x.dim())
    sizes = [1] * (rank - len(sizes)) + sizes
    have = [1] * (rank - x.dim()) + list(x.shape)
    return x.expand([h if s == 1 else s for s, h in zip(sizes, have, strict=True)])


@operator("Tile")
def tile(node, x, repeats):
    return x.repeat(*numbers(repeats))


@operator("Concat")
def concat(node, *xs):
    return ts.cat(xs, node("axis"))


@operator("Split")
def split(node, x, sizes=None):
    dim = node("axis", 0)
    if sizes is None and "split" in node.attributes:
        return ts.split(x, node("split"), dim)
    if sizes is None:
        return ts.split(x, math.ceil(x.shape[dim] / node("num_outputs", node.outputs)), dim)
    return ts.split(x, numbers(sizes), dim)


@operator("Slice")
def slice_of(node, x, starts=None, ends=None, axes=None, steps=None):
    starts = node("starts") if starts is None else numbers(starts)
    ends = node("ends") if ends is None else numbers(ends)
    dims = (node("axes") if axes is None else numbers(axes)) or list(range(len(starts)))
    steps = [1] * len(starts) if steps is None else numbers(steps)
    for dim, start, end, step in zip(dims, starts, ends, steps, strict=True):
        where = [slice(None)] * x.dim()
        if step > 0:
            where[dim] = slice(start, end, step)
        else:  # torch has no negative steps
            chosen = range(x.shape[dim])[slice(start, None if end < -x.shape[dim] else end, step)]
            x = ts.index_select(x, dim, ts.tensor(list(chosen), dtype=ts.int64))
        x = x[tuple(where)]
    return x


MODES = {"edge": "replicate", "wrap": "circular"}


def padded(x, before, after, mode, value=0):
    widths = [width for pair in zip(before[::-1], after[::-1], strict=True) for width in pair]
    return F.pad(x, widths, MODES.get(mode, mode), value if mode == "constant" else None)


@operator("Pad")
def pad(node, x, pads=None, value=None, axes=None):
    given = node("pads", node("paddings")) if pads is None else numbers(pads)
    level = node("value", 0.0) if value is None else value.item()
    dims = list(range(x.dim())) if axes is None else [axis % x.dim() for axis in numbers(axes)]
    before, after = [0] * x.dim(), [0] * x.dim()
    for dim, low, high in zip(dims, given[: len(dims)], given[len(dims) :], strict=True):
        before[dim], after[dim] = low, high
    return padded(x, before, after, node("mode", "constant"), level)


@operator("CenterCropPad")
def center_crop_pad(node, x, wanted):
    dims = [axis % x.dim() for axis in node("axes", list(range(x.dim())))]
    before, after = [0] * x.dim(), [0] * x.dim()
    for dim, n in zip(dims, numbers(wanted), strict=True):
        extra = n - x.shape[dim]
        before[dim] = extra // 2 if extra > 0 else -(-extra // 2)
        after[dim] = extra - before[dim]
    return padded(x, before, after, "constant")


@operator("Gather")
def gather(node, x, index):
    dim = node("axis", 0) % x.dim()
    return x[(*(slice(None),) * dim, index.to(ts.int64))]


def from_start(index, n):
    """torch's gather and scatter take no negative indices."""
    return ts.where(index < 0, index + n, index)


@operator("GatherElements")
def gather_elements(node, x, index):
    dim = node("axis", 0)
    return ts.gather(x, dim, from_start(index, x.shape[dim]))


@operator("GatherND")
def gather_nd(node, x, index):
    leading = node("batch_dims", 0)
    where = []
    for i in range(leading):
        along = [1] * (index.dim() - 1)
        along[i] = -1
        where.append(ts.arange(x.shape[i]).reshape(along))
    return x[(*where, *index.unbind(-1))]


@operator("Scatter", "ScatterElements")
def scatter_elements(node, x, index, updates):
    dim, how = node("axis", 0), node("reduction", "none")
    index = from_start(index, x.shape[dim])
    if how == "none":
        return ts.scatter(x, dim, index, updates)
    if how == "add":
        return ts.scatter_add(x, dim, index, updates)
    if not hasattr(ts, "scatter_reduce"):
        raise NotMapped(f"tilestack has no scatter with {how}")
    return ts.scatter_reduce(x, dim, index, updates, {"mul": "prod", "max": "amax", "min": "amin"}[how])


@operator("ScatterND")
def scatter_nd(node, x, index, updates):
    how = node("reduction", "none")
    if how not in ("none", "add"):
        raise NotMapped(f"torch's index_put has no {how}")
    y = x.clone()
    y.index_put_(index.unbind(-1), updates, accumulate=how == "add")
    return y


@operator("TensorScatter")
def tensor_scatter(node, cache, update, starts=None):
    dim = node("axis", -2) % cache.dim()
    steps, size = update.shape[dim], cache.shape[dim]
    starts = ts.zeros(cache.shape[0], dtype=ts.int64) if starts is None else starts
    places = starts.reshape(-1, 1) + ts.arange(steps)
    if node("mode", "linear") == "circular":
        places = ts.remainder(places, size)
    along = [1] * cache.dim()
    along[0], along[dim] = cache.shape[0], steps
    return ts.scatter(cache, dim, places.reshape(along).expand(update.shape), update)


@operator("Compress")
def compress(node, x, condition):
    if "axis" not in node.attributes:
        x, dim = x.flatten(), 0
    else:
        dim = node("axis")
    return ts.index_select(x, dim, ts.nonzero(condition).flatten())


@operator("NonZero")
def nonzero(node, x):
    return ts.nonzero(x).t()


@operator("OneHot")
def one_hot(node, index, depth, values):
    n, axis = int(depth.item()), node("axis", -1)
    index = from_start(index.to(ts.int64), n)
    inside = (index >= 0) & (index < n)
    ones = F.one_hot(ts.where(inside, index, 0), n).to(ts.bool) & inside.unsqueeze(-1)
    return ts.where(ones.movedim(-1, axis), values[1], values[0])


@operator("Range")
def range_of(node, start, limit, delta):
    return ts.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype)


@operator("ConstantOfShape")
def constant_of_shape(node, sizes):
    value = to_tensor(node("value")) if "value" in node.attributes else ts.zeros(1)
    return ts.full(numbers(sizes), value.item(), dtype=value.dtype)


@operator("EyeLike")
def eye_like(node, x):
    dtype = dtype_of(node("dtype")) if "dtype" in node.attributes else x.dtype
    rows, columns = x.shape
    return (ts.arange(columns) - ts.arange(rows).reshape(-1, 1) == node("k", 0)).to(dtype)


@operator("Trilu")
def trilu(node, x, k=None):
    diagonal = 0 if k is None else k.item()
    return ts.triu(x, diagonal) if node("upper", 1) else ts.tril(x, diagonal)


@operator("ReverseSequence")
def reverse_sequence(node, x, lengths):
    time, batch = node("time_axis", 0), node("batch_axis", 1)
    steps = ts.arange(x.shape[time]).reshape(-1, 1)
    places = ts.where(steps < lengths, lengths - 1 - steps, steps)  # (time, batch)
    rows = x.movedim((time, batch), (0, 1))
    rows = ts.take_along_dim(rows, places.reshape(*places.shape, *(1,) * (rows.dim() - 2)), 0)
    return rows.movedim((0, 1), (time, batch))
