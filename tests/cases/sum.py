import numpy as np

import tilestack as ts
from cases._reductions import BENCH, EMPTY, SAMPLES, read_once
from harness import ALL, Case

case = Case(
    op=ts.sum,
    reference=lambda x, dim=None, keepdim=False: np.sum(x, dim, keepdims=keepdim),
    samples=[*SAMPLES, *EMPTY],
    dtypes=ALL,
    bytes_moved=read_once,
    bench=BENCH,
)
