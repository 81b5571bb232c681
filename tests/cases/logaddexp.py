import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, BINARY, SPECIAL, bytes_moved
from harness import Case

case = Case(
    op=ts.logaddexp,
    reference=np.logaddexp,
    samples=[
        *BINARY,
        SPECIAL,
        (np.array([np.inf, -np.inf, -np.inf, 1e4, -1e4]), np.array([np.inf, -np.inf, 3.0, -1e4, -1e4])),
    ],
    bytes_moved=bytes_moved,
    bench=[(shape, shape) for shape in BENCH],
)
