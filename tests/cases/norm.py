import numpy as np

import tilestack as ts
from cases._reductions import BENCH, EMPTY, SAMPLES, read_once
from harness import Case

case = Case(
    op=ts.norm,
    reference=lambda x, dim=None, keepdim=False: np.sqrt(np.sum(x**2, dim, keepdims=keepdim)),
    samples=[*[s for s in SAMPLES if s[0] != ()], *EMPTY],
    bytes_moved=read_once,
    bench=BENCH,
)
