import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import FLOATS, INTS, Case

case = Case(
    op=ts.sigmoid,
    reference=lambda x: 1 / (1 + np.exp(-x)),
    samples=[*UNARY, (np.array([0.0, 20.0, -20.0, 88.0, -88.0, np.inf, -np.inf, np.nan]),)],
    dtypes=(*FLOATS, *INTS),
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
