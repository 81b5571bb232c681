import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, BINARY, SPECIAL, bytes_moved
from harness import ALL, Case

case = Case(
    op=ts.mul,
    reference=np.multiply,
    samples=[
        *BINARY,
        SPECIAL,
    ],
    dtypes=ALL,
    bytes_moved=bytes_moved,
    bench=[(shape, shape) for shape in BENCH],
)
