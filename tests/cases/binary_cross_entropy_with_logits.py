import numpy as np

import tilestack as ts
from cases._losses import PARAMS, pointwise, same_shapes
from harness import Case

case = Case(
    op=ts.nn.functional.binary_cross_entropy_with_logits,
    reference=pointwise(lambda x, t: np.maximum(x, 0) - x * t + np.log1p(np.exp(-np.abs(x)))),
    samples=same_shapes(),
    params=PARAMS,
    grad=(0,),
    bytes_moved=lambda x, t, reduction: x.nbytes + t.nbytes,
    bench=[((4096, 4096), (4096, 4096), {"reduction": "mean"})],
)
