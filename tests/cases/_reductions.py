"""What the cases of reductions share."""

import numpy as np

SHAPES = [(), (1,), (7,), (3, 33), (1, 8, 1), (2, 3, 5, 17)]
EMPTY = [((0,),), ((2, 0, 3), {"dim": 1}), ((0, 5), {"dim": 0})]
# Rows, columns and both; wide, narrow and long enough for several chunks.
ALONG = [
    ((0, 5), {"dim": 1}),
    ((3, 33), {"dim": -1}),
    ((3, 33), {"dim": 0, "keepdim": True}),
    ((4, 1, 21), {"dim": 1}),
    ((2, 40_000), {"dim": 1}),
    ((3000, 35), {"dim": 0}),
    ((3, 1200), {"dim": 0}),
]
OVER = [
    *ALONG,
    ((5, 2, 19), {"dim": (0, 2)}),
    ((2, 7, 5, 6), {"dim": (0, 2, 3), "keepdim": True}),
    ((2, 7, 5, 6), {"dim": (1, -2)}),
    ((9, 300, 40), {"dim": (0, 2)}),
    ((70_001,), {}),
]
SAMPLES = [*[(shape,) for shape in SHAPES], *OVER]
BENCH = [
    ((4096, 4096),),
    ((4096, 4096), {"dim": 0}),
    ((4096, 4096), {"dim": 1}),
    ((32, 64, 56, 56), {"dim": (0, 2, 3)}),
]


def read_once(x, **_):
    return x.nbytes


def count(x, dim):
    """How many elements make one result."""
    dims = range(x.ndim) if dim is None else dim if isinstance(dim, tuple) else (dim,)
    return np.prod([float(x.shape[d]) for d in dims])
