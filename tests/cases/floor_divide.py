import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, BINARY, bytes_moved
from harness import FLOATS, INTS, Case

case = Case(
    op=ts.floor_divide,
    reference=np.floor_divide,
    samples=[
        *BINARY,
        ((6, 11), 2),
        (3, (33,)),
        (np.array([7.0, -7.0, 7.0, -7.0, 0.0]), np.array([2.0, 2.0, -2.0, -2.0, 3.0])),
        (np.array([-7, 7, -8, 8]), np.array([2, -2, 2, -2])),
    ],
    dtypes=(*FLOATS, *INTS),
    grad=False,
    low=1,
    high=30,
    bytes_moved=bytes_moved,
    bench=[(shape, shape) for shape in BENCH],
)
