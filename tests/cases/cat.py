import numpy as np

import tilestack as ts
from harness import ALL, Case

case = Case(
    op=lambda *xs, dim=0: ts.cat(xs, dim),
    reference=lambda *xs, dim=0: np.concatenate(xs, dim),
    samples=[
        ((1,),),
        ((0, 3), (0, 3)),
        ((2, 3), (1, 3), (0, 3)),
        ((3, 2), (3, 7), (3, 1), {"dim": 1}),
        ((2, 3, 4), (2, 3, 5), {"dim": -1}),
        ((2, 5, 3, 3), (2, 4, 3, 3), {"dim": 1}),
        ((30, 1000), (41, 1000)),
    ],
    dtypes=ALL,
    bytes_moved=lambda *xs, dim=0: 2 * sum(x.nbytes for x in xs),
    bench=[((2048, 768), (2048, 768), {"dim": 1})],
)
