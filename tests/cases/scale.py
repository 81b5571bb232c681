import tilestack as ts
from harness import Case


def scale(x, factor):
    y = x.clone()
    ts.scale([y], factor)
    return y


case = Case(
    op=scale,
    reference=lambda x, factor: x * factor,
    samples=[((),), ((1,),), ((0, 3),), ((7,),), ((3, 33),), ((70_001,),)],
    params={"factor": 0.5},
    grad=False,
    bytes_moved=lambda x, factor: 2 * x.nbytes,
    bench=[((10_000_000,),)],
)
