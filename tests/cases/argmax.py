import numpy as np

import tilestack as ts
from cases._reductions import ALONG, BENCH, SHAPES, read_once
from harness import ALL, Case

case = Case(
    op=ts.argmax,
    reference=lambda x, dim=None, keepdim=False: np.argmax(x, dim, keepdims=keepdim),
    samples=[
        *[(shape,) for shape in SHAPES],
        *ALONG,
        ((70_001,), {}),
        ((5, 70), {"keepdim": True}),
    ],
    dtypes=ALL,
    grad=False,
    bytes_moved=read_once,
    bench=BENCH[:3],
)
