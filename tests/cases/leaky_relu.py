import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import Case

case = Case(
    op=ts.nn.functional.leaky_relu,
    reference=lambda x, negative_slope: np.where(x > 0, x, x * negative_slope),
    samples=[*UNARY, (np.array([0.0, -0.0, 1.0, -1.0, 3.0, -3.0, 20.0, -20.0, 1e-30, 1e30, -1e30, np.inf, np.nan]),)],
    params=[{"negative_slope": 0.01}, {"negative_slope": -0.5}],
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
