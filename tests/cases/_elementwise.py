"""What the cases of elementwise ops share."""

import numpy as np

SHAPES = [(), (0,), (1,), (33,), (3, 0, 2), (3, 5), (2, 3, 5, 7), (70_001,)]
UNARY = [(shape,) for shape in SHAPES]
# The same shape, both ways of broadcasting, and tensors stretched in the middle.
BINARY = [
    *[(shape, shape) for shape in SHAPES],
    ((3, 5), (5,)),
    ((5,), (3, 5)),
    ((3, 1), (1, 5)),
    ((2, 3, 4, 5), (3, 1, 1)),
    ((2, 1, 7), (4, 1)),
    ((), (9,)),
    ((0, 3), (1, 3)),
    ((40, 1, 300), (5, 1)),
    ((300, 129), (129,)),
]
SPECIAL = (np.array([np.nan, 1.0, np.inf, -np.inf, 0.0, 2.0]), np.array([1.0, np.nan, np.inf, 3.0, -0.0, 2.0]))
SIGNS = [
    (np.array([7.0, -7.0, 7.0, -7.0, 0.0]), np.array([2.0, 2.0, -2.0, -2.0, 3.0])),
    (np.array([-7, 7, -8, 8]), np.array([2, -2, 2, -2])),
]
BENCH = [(1 << 18,), (1 << 24,)]  # 1 MB and 64 MB of float32


def bytes_moved(*arrays, **_):
    """Of inputs that are read and a result like the largest, written."""
    sizes = [x.nbytes for x in arrays if isinstance(x, np.ndarray)]
    return sum(sizes) + max(sizes)


def erf(x):
    """By its series below 3 and its continued fraction above: the error is at most 1e-15."""
    a = np.abs(np.asarray(x, np.float64))
    small, large = np.minimum(a, 3.0), np.maximum(a, 3.0)
    term, total = small, small
    for n in range(1, 80):
        term = term * (2 * small**2 / (2 * n + 1))
        total = total + term
    series = 2 / np.sqrt(np.pi) * np.exp(-(small**2)) * total
    tail = large
    for n in range(60, 0, -1):
        tail = large + n / 2 / tail
    fraction = 1 - np.exp(-(large**2)) / np.sqrt(np.pi) / tail
    return np.copysign(np.where(a < 3, series, np.where(np.isinf(a), 1.0, fraction)), x)
