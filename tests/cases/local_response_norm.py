import numpy as np

import tilestack as ts
from harness import Case


def reference(x, size, alpha=1e-4, beta=0.75, k=1.0):
    squares = np.pad(x**2, [(0, 0), (size // 2, (size - 1) // 2), *[(0, 0)] * (x.ndim - 2)])
    sums = sum(squares[:, i : i + x.shape[1]] for i in range(size))
    return x * (k + alpha / size * sums) ** -beta


case = Case(
    op=ts.nn.functional.local_response_norm,
    reference=reference,
    samples=[
        ((1, 1, 1), {"size": 1}),
        ((0, 3, 5), {"size": 2}),
        ((2, 3, 5, 7), {"size": 5, "alpha": 0.5}),
        ((2, 3, 4, 2, 3), {"size": 4, "alpha": 0.5, "k": 2.0}),
        ((2, 37, 5), {"size": 4, "alpha": 0.3, "beta": 0.5}),
        ((2, 64, 11, 13), {"size": 5, "alpha": 0.1, "k": 2.0}),
    ],
    tolerance={"float32": (1e-5, 1e-6)},
    bytes_moved=lambda x, **_: 2 * x.nbytes,
    bench=[((32, 96, 55, 55), {"size": 5})],
)
