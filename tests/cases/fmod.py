import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, BINARY, SIGNS, bytes_moved
from harness import FLOATS, INTS, Case

case = Case(
    op=ts.fmod,
    reference=np.fmod,
    samples=[
        *BINARY,
        *SIGNS,
    ],
    dtypes=(*FLOATS, *INTS),
    low=1,
    high=30,
    bytes_moved=bytes_moved,
    bench=[(shape, shape) for shape in BENCH],
)
