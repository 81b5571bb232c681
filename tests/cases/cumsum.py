import numpy as np

import tilestack as ts
from harness import ALL, Case


def reference(x, dim):
    return np.cumsum(x.astype(np.int64) if x.dtype.kind == "b" else x, dim)


case = Case(
    op=ts.cumsum,
    reference=reference,
    samples=[
        ((1,),),
        ((0, 3),),
        ((3, 0),),
        ((7, 5),),
        ((5, 7),),
        ((2, 37, 70),),
        ((3, 5001),),
        ((2000, 17),),
    ],
    params=[{"dim": 0}, {"dim": -1}],
    dtypes=ALL,
    tolerance={"float32": (1e-5, 1e-4), "float64": (1e-12, 1e-12), "bfloat16": (1e-2, 1e-1), "float16": (2e-3, 1e-2)},
    bytes_moved=lambda x, dim: 2 * x.nbytes,
    bench=[((4096, 4096), {"dim": 1})],
)
