import numpy as np

import tilestack as ts
from harness import ALL, Case

case = Case(
    op=ts.nonzero,
    reference=np.argwhere,
    samples=[
        ((1,),),
        ((0, 3),),
        (lambda rng: rng.random((5, 7, 3)) < 0.3,),
        (np.array([0.0, 1.0, -0.0, np.nan, 2.0]),),
        (np.zeros((3, 4)),),
        (lambda rng: rng.random((300, 401)) < 0.1,),
    ],
    dtypes=ALL,
    grad=False,
    result_dtype="int64",
    bytes_moved=lambda x: x.nbytes,
    bench=[(lambda rng: rng.random((1024, 1024)) < 0.1,)],
)
