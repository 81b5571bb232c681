import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import Case

case = Case(
    op=ts.acosh,
    reference=np.arccosh,
    samples=[*UNARY, (np.array([1.0, 1.001, 2.0, 1e30, 0.5, -3.0, np.inf, -np.inf, np.nan]),)],
    low=1.1,
    high=10,
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
