import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import Case

case = Case(
    op=ts.log1p,
    reference=np.log1p,
    samples=[*UNARY, (np.array([0.0, -0.0, -1.0, -2.0, 1e-30, 1e30, np.inf, -np.inf, np.nan]),)],
    low=-0.9,
    high=10,
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
