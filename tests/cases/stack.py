import numpy as np

import tilestack as ts
from harness import ALL, Case

case = Case(
    op=lambda *xs, dim=0: ts.stack(xs, dim),
    reference=lambda *xs, dim=0: np.stack(xs, dim),
    samples=[
        ((),),
        ((1,), (1,)),
        ((0, 3), (0, 3)),
        ((2, 3), (2, 3), (2, 3), {"dim": 1}),
        ((2, 3, 5), (2, 3, 5), {"dim": -1}),
        ((30, 1000), (30, 1000)),
    ],
    dtypes=ALL,
    bytes_moved=lambda *xs: 2 * sum(x.nbytes for x in xs),
    bench=[((2048, 768), (2048, 768))],
)
