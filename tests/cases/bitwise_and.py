import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, BINARY, bytes_moved
from harness import INTS, Case

case = Case(
    op=ts.bitwise_and,
    reference=np.bitwise_and,
    samples=[*BINARY],
    dtypes=(*INTS, "bool"),
    grad=False,
    bytes_moved=bytes_moved,
    bench=[(shape, shape) for shape in BENCH],
)
