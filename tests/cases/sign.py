import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import FLOATS, INTS, Case

case = Case(
    op=ts.sign,
    reference=lambda x: np.where(np.isnan(x), 0, np.sign(x)).astype(x.dtype),
    samples=[*UNARY, (np.array([0.0, -0.0, 1e-40, -1e-40, np.inf, -np.inf, np.nan]),)],
    dtypes=(*FLOATS, *INTS),
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
