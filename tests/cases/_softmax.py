"""What the cases of softmax and log_softmax share."""

import numpy as np

SAMPLES = [
    ((1,), {"dim": 0}),
    ((0, 5), {"dim": 1}),
    ((5, 0), {"dim": 1}),
    ((7, 33), {"dim": -1}),
    ((7, 33), {"dim": 0}),
    ((4, 3, 21), {"dim": 1}),
    ((2, 5, 3, 4), {"dim": 1}),
    ((3, 1), {"dim": 1}),
    ((2, 9001), {"dim": 1}),
    ((700, 128), {"dim": 1}),
    ((300, 500), {"dim": 0}),
]
BENCH = [
    ((8192, 128), {"dim": 1}),
    ((8192, 1024), {"dim": 1}),
    ((256, 50257), {"dim": 1}),
    ((32, 1000, 256), {"dim": 1}),
]


def log_softmax(x, dim):
    if x.size == 0:
        return x
    x = x - x.max(dim, keepdims=True)
    return x - np.log(np.sum(np.exp(x), dim, keepdims=True))


def read_and_written(x, **_):
    return 2 * x.nbytes
