import numpy as np

import tilestack as ts
from cases._losses import PARAMS, pointwise, same_shapes
from harness import Case


def reference(x, t, reduction, delta=1.0):
    def huber(x, t):
        d = np.abs(x - t)
        return np.where(d < delta, d**2 / 2, delta * (d - delta / 2))

    return pointwise(huber)(x, t, reduction)


case = Case(
    op=ts.nn.functional.huber_loss,
    reference=reference,
    samples=same_shapes(),
    params=[*PARAMS, {"reduction": "mean", "delta": 0.4}],
    bytes_moved=lambda x, t, reduction: x.nbytes + t.nbytes,
    bench=[((4096, 4096), (4096, 4096), {"reduction": "mean"})],
)
