import tilestack as ts
from cases._losses import PARAMS, pointwise, same_shapes
from harness import Case

case = Case(
    op=ts.nn.functional.mse_loss,
    reference=pointwise(lambda x, t: (x - t) ** 2),
    samples=same_shapes(),
    params=PARAMS,
    bytes_moved=lambda x, t, reduction: x.nbytes + t.nbytes,
    bench=[((4096, 4096), (4096, 4096), {"reduction": "mean"})],
)
