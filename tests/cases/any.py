import numpy as np

import tilestack as ts
from cases._reductions import BENCH, EMPTY, SAMPLES, read_once
from harness import ALL, Case


def mostly(*shape):
    return lambda rng: np.where(rng.random(shape) < 0.2, rng.standard_normal(shape), 0)


case = Case(
    op=ts.any,
    reference=lambda x, dim=None, keepdim=False: np.any(x, dim, keepdims=keepdim),
    samples=[
        *SAMPLES,
        *EMPTY,
        (mostly(5, 37), {"dim": 0}),
        (mostly(5, 37), {"dim": 1}),
        (mostly(70_001),),
    ],
    dtypes=ALL,
    grad=False,
    bytes_moved=read_once,
    bench=BENCH,
)
