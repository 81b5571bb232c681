import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import Case

case = Case(
    op=ts.asinh,
    reference=np.arcsinh,
    samples=[
        *UNARY,
        (np.array([0.0, -0.0, 1.0, -1.0, 3.0, -3.0, 20.0, -20.0, 1e-30, 1e30, -1e30, np.inf, -np.inf, np.nan]),),
    ],
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
