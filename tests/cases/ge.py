import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, BINARY, SPECIAL, bytes_moved
from harness import ALL, Case

case = Case(
    op=ts.ge,
    reference=np.greater_equal,
    samples=[
        *BINARY,
        ((6, 11), 2),
        (3, (33,)),
        SPECIAL,
    ],
    dtypes=ALL,
    grad=False,
    bytes_moved=bytes_moved,
    bench=[(shape, shape) for shape in BENCH],
)
