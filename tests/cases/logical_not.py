import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import ALL, Case

case = Case(
    op=ts.logical_not,
    reference=np.logical_not,
    samples=[*UNARY, (np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40]),)],
    dtypes=ALL,
    grad=False,
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
