import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, BINARY, SPECIAL, bytes_moved
from harness import FLOATS, INTS, Case

case = Case(
    op=ts.div,
    reference=np.divide,
    samples=[
        *BINARY,
        ((6, 11), 2),
        (3, (33,)),
        SPECIAL,
    ],
    dtypes=(*FLOATS, *INTS),
    low=1,
    high=9,
    bytes_moved=bytes_moved,
    bench=[(shape, shape) for shape in BENCH],
)
