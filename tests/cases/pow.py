import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, BINARY, bytes_moved
from harness import INTS, Case

EDGES = np.array([0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, 3.0, -3.0, np.inf, -np.inf, np.nan])

cases = [
    Case(
        op=ts.pow,
        reference=np.power,
        samples=[
            *BINARY,
            *[((6, 11), exponent) for exponent in (2, 3, 0.5, -0.5, -1, 0, 1, 2.5, -2)],
            ((70_001,), 2.0),
            (1.5, (33,)),
        ],
        low=0.1,
        high=3,
        bytes_moved=bytes_moved,
        bench=[(shape, 2.5) for shape in BENCH],
    ),
    Case(
        op=ts.pow,
        reference=np.power,
        samples=[
            (np.repeat(EDGES, len(EDGES)), np.tile(EDGES, len(EDGES))),
            (np.array([-1.5] * 6), np.array([4194305.0, 8388607.0, 3.0, 4.0, 2.5, -3.0]) % 12),
            ((0,), 3),
            ((1,), 3),
            ((10_001,), 3),
        ],
        grad=False,
    ),
    Case(
        op=ts.pow,
        reference=np.power,
        samples=[
            ((0,), 2),
            ((1,), 3),
            ((7, 5), 2),
            (2, np.arange(6)),
            ((10_001,), 2),
            (np.array([-2, 3, 0]), np.array([3, 0, 0])),
        ],
        dtypes=INTS,
        low=0,
        high=4,
        grad=False,
    ),
]
