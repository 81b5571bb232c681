import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import Case

case = Case(
    op=ts.nn.functional.hardtanh,
    reference=lambda x, min_val, max_val: np.clip(x, min_val, max_val),
    samples=[*UNARY, (np.array([0.0, -0.0, 1.0, -1.0, 3.0, -3.0, 20.0, -20.0, 1e-30, 1e30, -1e30, np.inf, np.nan]),)],
    params=[{"min_val": -1.0, "max_val": 1.0}, {"min_val": -0.5, "max_val": 2.0}],
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
