import numpy as np

import tilestack as ts
from harness import ALL, Case


def integers(high, shape, dtype=np.int64):
    return lambda rng: rng.integers(0, high, shape).astype(dtype)


def reference(x, index, dim):
    part = tuple(slice(None) if d == dim % x.ndim else slice(size) for d, size in enumerate(index.shape))
    return np.take_along_axis(x[part], index, dim)


case = Case(
    op=lambda x, index, dim: ts.gather(x, dim, index),
    reference=reference,
    samples=[
        ((1,), integers(1, (1,)), {"dim": 0}),
        ((3, 4), integers(4, (3, 0)), {"dim": 1}),
        ((3, 4), integers(3, (5, 4)), {"dim": 0}),
        ((3, 4), integers(4, (2, 9), np.int32), {"dim": -1}),
        ((3, 4, 5), integers(4, (2, 6, 3)), {"dim": 1}),
        ((3, 4, 300), integers(4, (3, 6, 290)), {"dim": 1}),
        ((300, 257), integers(257, (300, 100)), {"dim": 1}),
    ],
    dtypes=ALL,
    bytes_moved=lambda x, index, dim: 2 * x.nbytes + index.nbytes,
    bench=[((8192, 1024), integers(1024, (8192, 1)), {"dim": 1})],
)
