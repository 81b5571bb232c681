import numpy as np

import tilestack as ts
from harness import ALL, FLOATS, Case

SAMPLES = [((1,),), ((0, 3),), ((7, 5),), ((5, 37),), ((2, 3, 33),), ((3, 3501),)]


def ordered(x, dim, descending=False):
    keys = -x.astype(np.float64) if descending else x
    order = np.argsort(keys, dim, kind="stable")
    return np.take_along_axis(x, order, dim), order


def first(x, k, dim, largest):
    k = min(k, x.shape[dim])
    values, order = ordered(x, dim, largest)
    part = tuple(slice(k) if d == dim % x.ndim else slice(None) for d in range(x.ndim))
    return values[part], order[part]


cases = [
    Case(
        op=ts.sort,
        reference=ordered,
        samples=SAMPLES,
        params=[{"dim": -1, "descending": False}, {"dim": 0, "descending": True}],
        dtypes=ALL,
        name="sort",
        bytes_moved=lambda x, dim, descending: 2 * x.nbytes,
        bench=[((1024, 1000), {"dim": -1, "descending": False})],
    ),
    Case(
        op=lambda x, k, dim, largest: ts.topk(x, min(k, x.shape[dim]), dim, largest),
        reference=first,
        samples=SAMPLES,
        params=[{"k": 3, "dim": -1, "largest": True}, {"k": 100, "dim": 0, "largest": False}],
        dtypes=(*FLOATS, "uint8"),
        name="topk",
        bytes_moved=lambda x, **_: x.nbytes,
        bench=[((1024, 1000), {"k": 5, "dim": -1, "largest": True})],
    ),
]
