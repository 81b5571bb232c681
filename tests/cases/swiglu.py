import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, BINARY, bytes_moved
from harness import Case

case = Case(
    op=ts.nn.functional.swiglu,
    reference=lambda gate, up: gate / (1 + np.exp(-gate)) * up,
    samples=BINARY,
    bytes_moved=bytes_moved,
    bench=[(shape, shape) for shape in BENCH],
)
