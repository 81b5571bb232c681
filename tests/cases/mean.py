import numpy as np

import tilestack as ts
from cases._reductions import BENCH, EMPTY, SAMPLES, count, read_once
from harness import Case

case = Case(
    op=ts.mean,
    reference=lambda x, dim=None, keepdim=False: np.sum(x, dim, keepdims=keepdim) / count(x, dim),
    samples=[*SAMPLES, *EMPTY],
    bytes_moved=read_once,
    bench=BENCH,
)
