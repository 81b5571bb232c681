import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, SHAPES, bytes_moved
from harness import ALL, Case


def mask(*shape):
    return lambda rng: np.asarray(rng.random(shape) < 0.5)


case = Case(
    op=ts.where,
    reference=np.where,
    samples=[
        *[(mask(*shape), shape, shape) for shape in SHAPES],
        (mask(3, 1), (5,), (3, 5)),
        (mask(5), (3, 1), (2, 1, 1)),
        (mask(300, 129), (300, 1), ()),
        (np.array([2, 0, -1, 0, 5]), (5,), (5,)),
    ],
    dtypes=ALL,
    bytes_moved=bytes_moved,
    bench=[(mask(*shape), shape, shape) for shape in BENCH],
)
