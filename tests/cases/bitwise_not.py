import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved
from harness import INTS, Case

case = Case(
    op=ts.bitwise_not,
    reference=np.invert,
    samples=[*UNARY],
    dtypes=(*INTS, "bool"),
    grad=False,
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
