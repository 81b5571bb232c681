import numpy as np

import tilestack as ts
from cases._reductions import ALONG, BENCH, SHAPES, read_once
from harness import ALL, Case


def reference(x, dim=None, keepdim=False):
    if dim is None:
        return np.max(x)
    return np.max(x, dim, keepdims=keepdim), np.argmax(x, dim, keepdims=keepdim)


case = Case(
    op=ts.max,
    reference=reference,
    samples=[*[(shape,) for shape in SHAPES], ((70_001,),), *ALONG],
    dtypes=ALL,
    bytes_moved=read_once,
    bench=BENCH[:3],
)
