import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, BINARY, SPECIAL, bytes_moved
from harness import Case

case = Case(
    op=ts.hypot,
    reference=np.hypot,
    samples=[*BINARY, SPECIAL],
    bytes_moved=bytes_moved,
    bench=[(shape, shape) for shape in BENCH],
)
