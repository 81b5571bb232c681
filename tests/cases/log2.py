import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import Case

case = Case(
    op=ts.log2,
    reference=np.log2,
    samples=[*UNARY, (np.array([0.0, 1e-30, 1.0, 2.0, 8.0, 1024.0, 0.125, -2.0, np.inf, -np.inf, np.nan]),)],
    low=0.01,
    high=10,
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
