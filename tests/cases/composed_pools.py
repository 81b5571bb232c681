import itertools
import math

import numpy as np

import tilestack as ts
from cases._pooling import adaptive, sliding
from harness import Case

F = ts.nn.functional


def each(value, n):
    return tuple(value) if isinstance(value, tuple) else (value,) * n


def windows(x, n, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    kernel = each(kernel_size, n)
    step = kernel if stride is None else each(stride, n)
    return [
        sliding(x.shape[i - n], kernel[i], step[i], each(padding, n)[i], each(dilation, n)[i], ceil_mode)
        for i in range(n)
    ]


def pooled(x, axes, reduce):
    """reduce(elements along the last axis, positions in the padded window) for each window."""
    n = len(axes)
    y = np.zeros((*x.shape[:-n], *map(len, axes)))
    for place in itertools.product(*(range(len(axis)) for axis in axes)):
        seen, count = x, 1
        for i, at in enumerate(place):
            taps, positions = axes[i][at]
            seen, count = np.take(seen, taps, x.ndim - n + i), count * positions
        y[(..., *place)] = reduce(seen.reshape(*x.shape[:-n], math.prod(seen.shape[-n:])), count)
    return y


def largest(n):
    return lambda x, **window: pooled(x, windows(x, n, **window), lambda seen, _: seen.max(-1))


def average(n):
    def reference(x, count_include_pad=True, divisor_override=None, **window):
        def mean(seen, count):
            return seen.sum(-1) / (divisor_override or (count if count_include_pad else seen.shape[-1]))

        return pooled(x, windows(x, n, **window), mean)

    return reference


def adapted(n, reduce):
    def reference(x, output_size):
        axes = [adaptive(x.shape[i - n], each(output_size, n)[i]) for i in range(n)]
        return pooled(x, axes, lambda seen, _: reduce(seen, -1))

    return reference


def unpooled(x, indices, size):
    y, flat = np.zeros((*x.shape[:2], math.prod(size))), (*x.shape[:2], math.prod(x.shape[2:]))
    np.put_along_axis(y, indices.reshape(flat), x.reshape(flat), -1)
    return y.reshape(*x.shape[:2], *size)


def norm(n):
    def reference(x, norm_type, **window):
        return pooled(x, windows(x, n, **window), lambda seen, _: (seen**norm_type).sum(-1)) ** (1 / norm_type)

    return reference


LINES = [
    ((1, 1, 1), {"kernel_size": 1}),
    ((0, 2, 5), {"kernel_size": 2}),
    ((2, 3, 9), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    ((2, 500, 11), {"kernel_size": 3}),
]
VOLUMES = [
    ((1, 1, 1, 1, 1), {"kernel_size": 1}),
    ((0, 2, 3, 4, 5), {"kernel_size": 2}),
    ((3, 4, 5, 6), {"kernel_size": (2, 3, 2), "stride": (1, 2, 2)}),
    ((2, 3, 5, 6, 7), {"kernel_size": 3, "stride": 2, "padding": (1, 0, 1), "ceil_mode": True}),
    ((2, 40, 5, 6, 5), {"kernel_size": 2}),
]
ADAPTIVE = [
    ((1, 1, 1, 1, 1), {"output_size": 1}),
    ((0, 2, 3, 4, 5), {"output_size": 2}),
    ((2, 3, 4, 5, 6), {"output_size": (3, None, 4)}),
    ((2, 40, 5, 6, 5), {"output_size": 2}),
]
ADAPTIVE_LINES = [
    ((1, 1, 1), {"output_size": 1}),
    ((0, 2, 5), {"output_size": 2}),
    ((2, 3, 7), {"output_size": 3}),
    ((2, 500, 11), {"output_size": 4}),
]
# Volumes are pooled in two passes, between which narrow floats are rounded.
TWICE = {"bfloat16": (2e-2, 2e-2), "float16": (3e-3, 3e-3)}

cases = [
    Case(op=F.max_pool1d, reference=largest(1), samples=LINES, name="max_pool1d"),
    Case(op=F.avg_pool1d, reference=average(1), samples=LINES, name="avg_pool1d"),
    Case(
        op=F.max_pool3d,
        reference=largest(3),
        samples=[*VOLUMES, ((2, 2, 5, 5, 5), {"kernel_size": 2, "dilation": (2, 1, 3), "stride": 1})],
        name="max_pool3d",
    ),
    Case(
        op=F.avg_pool3d,
        reference=average(3),
        samples=[
            *VOLUMES,
            ((2, 3, 4, 5, 6), {"kernel_size": 2, "padding": 1, "count_include_pad": False}),
            ((2, 3, 4, 5, 6), {"kernel_size": 2, "divisor_override": 3}),
        ],
        tolerance=TWICE,
        name="avg_pool3d",
    ),
    Case(op=F.adaptive_max_pool3d, reference=adapted(3, np.max), samples=ADAPTIVE, name="adaptive_max_pool3d"),
    Case(
        op=F.adaptive_avg_pool3d,
        reference=adapted(3, np.mean),
        samples=ADAPTIVE,
        tolerance=TWICE,
        name="adaptive_avg_pool3d",
    ),
    Case(
        op=F.adaptive_max_pool1d,
        reference=adapted(1, np.max),
        samples=ADAPTIVE_LINES,
        name="adaptive_max_pool1d",
    ),
    Case(
        op=F.adaptive_avg_pool1d,
        reference=adapted(1, np.mean),
        samples=ADAPTIVE_LINES,
        name="adaptive_avg_pool1d",
    ),
    Case(
        op=F.lp_pool2d,
        reference=norm(2),
        samples=[
            ((1, 1, 1, 1), {"kernel_size": 1}),
            ((0, 2, 3, 4), {"kernel_size": 2}),
            ((2, 3, 5, 6), {"kernel_size": (3, 2), "stride": 2}),
            ((2, 200, 5, 6), {"kernel_size": 2}),
        ],
        params={"norm_type": 3},
        low=0.5,
        high=2,
        tolerance={"bfloat16": (4e-2, 4e-2), "float16": (5e-3, 5e-3), "float32": (1e-5, 1e-5)},
        name="lp_pool2d",
    ),
    Case(
        op=F.lp_pool3d,
        reference=norm(3),
        samples=VOLUMES[:3] + VOLUMES[4:],
        params={"norm_type": 2},
        low=0.5,
        high=2,
        tolerance={"bfloat16": (4e-2, 4e-2), "float16": (5e-3, 5e-3), "float32": (1e-5, 1e-5)},
        name="lp_pool3d",
    ),
    Case(
        op=lambda x, indices, size: F.max_unpool2d(x, indices, 2, output_size=size),
        reference=unpooled,
        samples=[
            ((1, 1, 1, 1), np.array([[[[3]]]]), {"size": (2, 2)}),
            ((0, 3, 2, 2), np.zeros((0, 3, 2, 2), int), {"size": (4, 4)}),
            (
                (2, 601, 3, 3),
                lambda rng: rng.permuted(np.tile(np.arange(36), (2, 601, 1)), axis=-1)[..., :9].reshape(2, 601, 3, 3),
                {"size": (6, 6)},
            ),
            ((2, 1, 2, 2), np.array([[[[1, 3], [14, 10]]], [[[0, 2], [5, 16]]]]), {"size": (5, 4)}),
        ],
        name="max_unpool2d",
    ),
]
