import numpy as np

import tilestack as ts
from cases._losses import PARAMS, pointwise, same_shapes
from harness import Case

case = Case(
    op=ts.nn.functional.l1_loss,
    reference=pointwise(lambda x, t: np.abs(x - t)),
    samples=same_shapes(),
    params=PARAMS,
    bytes_moved=lambda x, t, reduction: x.nbytes + t.nbytes,
    bench=[((4096, 4096), (4096, 4096), {"reduction": "mean"})],
)
