import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import FLOATS, INTS, Case

case = Case(
    op=ts.clamp,
    reference=np.clip,
    samples=[*UNARY, (np.array([np.nan, np.inf, -np.inf, 1.0, 3.0]),)],
    params=[{"min": 1, "max": 3}, {"min": 1, "max": None}, {"min": None, "max": 2}, {"min": 3, "max": 1}],
    dtypes=(*FLOATS, *INTS),
    bytes_moved=bytes_moved,
    bench=[(shape, {"min": -1, "max": 1}) for shape in BENCH],
)
