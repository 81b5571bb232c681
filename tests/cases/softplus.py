import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import Case

case = Case(
    op=ts.nn.functional.softplus,
    reference=lambda x, beta, threshold: np.where(
        x * beta > threshold, x, (np.maximum(x * beta, 0) + np.log1p(np.exp(-np.abs(x * beta)))) / beta
    ),
    samples=[*UNARY, (np.array([0.0, -0.0, 1.0, -1.0, 3.0, -3.0, 20.0, -20.0, 1e-30, 1e30, -1e30, np.inf, np.nan]),)],
    params=[{"beta": 1.0, "threshold": 20.0}, {"beta": 2.0, "threshold": 30.0}],
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
