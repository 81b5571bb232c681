import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import Case

case = Case(
    op=ts.asin,
    reference=np.arcsin,
    samples=[*UNARY, (np.array([0.0, -0.0, 1e-6, 0.999, -0.999, 1.5, -1.5, np.inf, np.nan]),)],
    low=-0.95,
    high=0.95,
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
