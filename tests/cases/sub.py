import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, BINARY, SPECIAL, bytes_moved
from harness import FLOATS, INTS, Case

case = Case(
    op=ts.sub,
    reference=np.subtract,
    samples=[
        *BINARY,
        SPECIAL,
        ((6, 11), 2),
        (9, (33,)),
    ],
    dtypes=(*FLOATS, *INTS),
    bytes_moved=bytes_moved,
    bench=[(shape, shape) for shape in BENCH],
)
