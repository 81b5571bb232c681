import numpy as np

import tilestack as ts
from cases._reductions import BENCH, EMPTY, SAMPLES, read_once
from harness import ALL, Case

case = Case(
    op=ts.prod,
    reference=lambda x, dim=None, keepdim=False: np.prod(x, dim, keepdims=keepdim),
    samples=[*[s for s in SAMPLES if np.prod(s[0]) < 20_000], *EMPTY, ((2, 20_000, 3), {"dim": (0, 2)})],
    dtypes=ALL,
    bytes_moved=read_once,
    bench=BENCH,
)
