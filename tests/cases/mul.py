import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, BINARY, bytes_moved
from harness import ALL, Case

case = Case(
    op=ts.mul,
    reference=np.multiply,
    samples=[
        *BINARY,
        (np.array([np.nan, 1.0, np.inf, -np.inf, 0.0, 2.0]), np.array([1.0, np.nan, np.inf, 3.0, -0.0, 2.0])),
    ],
    dtypes=ALL,
    bytes_moved=bytes_moved,
    bench=[(shape, shape) for shape in BENCH],
)
