import numpy as np

import tilestack as ts
from cases._elementwise import bytes_moved
from harness import Case


def glu(x, dim=-1):
    a, b = np.split(x, 2, dim)
    return a / (1 + np.exp(-b))


case = Case(
    op=ts.nn.functional.glu,
    reference=glu,
    samples=[
        ((2,),),
        ((0,),),
        ((66,),),
        ((4, 5), {"dim": 0}),
        ((1, 6, 7), {"dim": -2}),
        ((3, 0, 2),),
        ((2, 4, 5, 7), {"dim": 1}),
        ((300, 130),),
    ],
    bytes_moved=bytes_moved,
    bench=[((1 << 9, 1 << 9),), ((1 << 12, 1 << 12),)],
)
