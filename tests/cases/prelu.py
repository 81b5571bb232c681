import numpy as np

import tilestack as ts
from cases._elementwise import bytes_moved
from harness import Case


def prelu(x, weight):
    return np.where(x > 0, x, x * weight.reshape([-1 if i == 1 else 1 for i in range(x.ndim)]))


case = Case(
    op=ts.nn.functional.prelu,
    reference=prelu,
    samples=[
        ((), (1,)),
        ((0,), (1,)),
        ((33,), (1,)),
        ((3, 5), (5,)),
        ((3, 5), (1,)),
        ((0, 3), (3,)),
        ((2, 3, 5, 7), (3,)),
        ((70_001,), (1,)),
        ((70, 13, 31), (13,)),
    ],
    bytes_moved=bytes_moved,
    bench=[((1 << 9, 1 << 9), (1 << 9,)), ((1 << 6, 1 << 6, 64, 64), (1 << 6,))],
)
