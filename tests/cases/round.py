import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import FLOATS, INTS, Case

case = Case(
    op=ts.round,
    reference=lambda x: np.round(x).astype(x.dtype),
    samples=[
        *UNARY,
        (np.array([0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.4999, 8388609.0, 1e30, np.inf, -np.inf, np.nan]),),
    ],
    dtypes=(*FLOATS, *INTS),
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
