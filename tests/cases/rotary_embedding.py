import numpy as np

import tilestack as ts
from harness import Case


def reference(x, cos, sin, interleaved=False):
    half = cos.shape[-1]
    first, second = (
        (slice(0, 2 * half, 2), slice(1, 2 * half, 2)) if interleaved else (slice(half), slice(half, 2 * half))
    )
    a, b = x[..., first], x[..., second]
    y = x.copy()
    y[..., first], y[..., second] = a * cos - b * sin, b * cos + a * sin
    return y


def angles(function, *shape):
    return lambda rng: function(np.arange(np.prod(shape)).reshape(shape) / 7.0)


def tables(*shape):
    return angles(np.cos, *shape), angles(np.sin, *shape)


case = Case(
    op=ts.rotary_embedding,
    reference=reference,
    samples=[
        ((2,), *tables(1)),
        ((0, 6), *tables(1, 3)),
        ((5, 8), *tables(5, 4)),
        ((2, 3, 7, 64), *tables(7, 32)),
        ((2, 7, 3, 66), *tables(7, 1, 33)),
        ((2, 3, 5, 80), *tables(2, 1, 5, 16)),
        ((2, 2, 2, 5, 7), *tables(5, 3)),
        ((4, 8, 100, 32), *tables(100, 16)),
    ],
    params=[{"interleaved": False}, {"interleaved": True}],
    grad=(0,),
    bytes_moved=lambda x, cos, sin, interleaved: 2 * x.nbytes,
    bench=[((8, 12, 1024, 64), *tables(1024, 32))],
)
