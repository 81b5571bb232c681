import numpy as np

import tilestack as ts
from cases._reductions import BENCH, SAMPLES, read_once
from harness import ALL, Case

case = Case(
    op=ts.amin,
    reference=lambda x, dim=None, keepdim=False: np.amin(x, dim, keepdims=keepdim),
    samples=SAMPLES,
    dtypes=ALL,
    bytes_moved=read_once,
    bench=BENCH,
)
