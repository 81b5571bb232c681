import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, BINARY, bytes_moved
from harness import FLOATS, INTS, Case

case = Case(
    op=ts.div,
    reference=np.divide,
    samples=[
        *BINARY,
        ((6, 11), 2),
        (3, (33,)),
        (np.array([np.nan, 1.0, np.inf, -np.inf, 0.0, 2.0]), np.array([1.0, np.nan, np.inf, 3.0, -0.0, 2.0])),
    ],
    dtypes=(*FLOATS, *INTS),
    low=1,
    high=9,
    bytes_moved=bytes_moved,
    bench=[(shape, shape) for shape in BENCH],
)
