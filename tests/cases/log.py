import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import Case

case = Case(
    op=ts.log,
    reference=np.log,
    samples=[*UNARY, (np.array([0.0, -1.0, 1.0, 1e-30, np.inf, -np.inf, np.nan, 6e4]),)],
    low=0.01,
    high=10,
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
