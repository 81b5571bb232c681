import numpy as np

import tilestack as ts
from cases._reductions import ALONG, BENCH, SHAPES, read_once
from harness import ALL, Case


def reference(x, dim=None, keepdim=False):
    if dim is None:
        return np.min(x)
    return np.min(x, dim, keepdims=keepdim), np.argmin(x, dim, keepdims=keepdim)


case = Case(
    op=ts.min,
    reference=reference,
    samples=[*[(shape,) for shape in SHAPES], ((70_001,),), *ALONG],
    dtypes=ALL,
    bytes_moved=read_once,
    bench=BENCH[:3],
)
