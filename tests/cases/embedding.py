import numpy as np

import tilestack as ts
from harness import Case


def tokens(shape, vocabulary, dtype=np.int64):
    return lambda rng: rng.integers(0, vocabulary, shape).astype(dtype)


case = Case(
    op=ts.nn.functional.embedding,
    reference=lambda indices, weight: weight[indices],
    samples=[
        (tokens((1,), 1), (1, 1)),
        (tokens((0,), 3), (3, 8)),
        (tokens((), 3), (3, 8)),
        (tokens((4, 6), 5, np.int32), (5, 31)),
        (tokens((7,), 100), (100, 64)),
        (tokens((3, 50), 2), (2, 300)),
        (tokens((2, 3), 4), (4, 0)),
        (tokens((8, 64), 1000), (1000, 96)),
    ],
    bytes_moved=lambda indices, weight: 2 * indices.size * weight[0].nbytes,
    bench=[(tokens((2048,), 50257), (50257, 768))],
)
