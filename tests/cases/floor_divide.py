import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, BINARY, SIGNS, bytes_moved
from harness import FLOATS, INTS, Case

case = Case(
    op=ts.floor_divide,
    reference=np.floor_divide,
    samples=[
        *BINARY,
        ((6, 11), 2),
        (3, (33,)),
        *SIGNS,
    ],
    dtypes=(*FLOATS, *INTS),
    grad=False,
    low=1,
    high=30,
    bytes_moved=bytes_moved,
    bench=[(shape, shape) for shape in BENCH],
)
