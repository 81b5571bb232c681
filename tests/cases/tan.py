import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import Case

case = Case(
    op=ts.tan,
    reference=np.tan,
    samples=[*UNARY, (np.array([0.0, -0.0, 1e-30, 22.0, 1e5, -1e5, 3e6, 1e30, -1e30, np.inf, np.nan]),)],
    low=-1,
    high=1,
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
