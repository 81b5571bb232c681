import numpy as np

import tilestack as ts
from harness import ALL, Case

cases = [
    Case(
        op=op,
        reference=lambda x, diagonal=0, f=f: f(x, diagonal),
        samples=[
            ((1, 1),),
            ((0, 3),),
            ((3, 0, 4),),
            ((4, 7), {"diagonal": -1}),
            ((7, 4), {"diagonal": 2}),
            ((5, 9), {"diagonal": 20}),
            ((5, 9), {"diagonal": -20}),
            ((2, 3, 31, 31), {"diagonal": 1}),
            ((2, 150, 151),),
        ],
        dtypes=ALL,
        name=f.__name__,
        bytes_moved=lambda x, diagonal=0: 2 * x.nbytes,
        bench=[((4096, 4096),)],
    )
    for op, f in ((ts.tril, np.tril), (ts.triu, np.triu))
]
