import numpy as np

import tilestack as ts
from cases._reductions import BENCH, EMPTY, SAMPLES, count, read_once
from harness import Case


def var(x, dim=None, keepdim=False, correction=1.0):
    n, x = count(x, dim), x.astype(np.longdouble)
    distance = x - np.sum(x, dim, keepdims=True) / n
    return np.float64(np.sum(distance**2, dim, keepdims=keepdim) / max(0.0, n - correction))


SAMPLES = [s for s in SAMPLES if s[0] not in ((), (1,), (4, 1, 21))]  # one element has no variance, nor a gradient
# Repeated, it has a std of 0, whose gradient is 0 / 0 but for rounding: the mean of 8 equal numbers is exact.
BIASED = ((1, 8), {"dim": 1, "correction": 0.0})
cases = [
    Case(
        op=ts.var,
        reference=var,
        samples=[*SAMPLES, *EMPTY, BIASED],
        bytes_moved=read_once,
        bench=BENCH,
    ),
    Case(
        op=ts.std,
        reference=lambda *args, **params: np.sqrt(var(*args, **params)),
        samples=[*SAMPLES, *EMPTY, BIASED],
        bytes_moved=read_once,
        bench=BENCH,
        name="var-std",
    ),
]
