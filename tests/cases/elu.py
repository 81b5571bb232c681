import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import Case

case = Case(
    op=ts.nn.functional.elu,
    reference=lambda x, alpha: np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x),
    samples=[*UNARY, (np.array([0.0, -0.0, 1.0, -1.0, 3.0, -3.0, 20.0, -20.0, 1e-30, 1e30, -1e30, np.inf, np.nan]),)],
    params=[{"alpha": 1.0}, {"alpha": 0.3}],
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
