import tilestack as ts
from cases._optimizers import SHAPES, state
from harness import Case


def sgd(p, g, b, **options):
    p, (b,) = p.clone(), state(b)
    ts.sgd([p], [g], [b] if options["momentum"] else [], **options)
    return p


def reference(p, g, b, lr, momentum=0, dampening=0, weight_decay=0, nesterov=False, maximize=False, first=False):
    g = (-g if maximize else g) + weight_decay * p
    if momentum:
        b = g if first else momentum * b + (1 - dampening) * g
        g = g + momentum * b if nesterov else b
    return p - lr * g


case = Case(
    op=sgd,
    reference=reference,
    samples=[(shape,) * 3 for shape in SHAPES],
    params=[
        {"lr": 0.1, "momentum": 0.0},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "first": True, "maximize": True},
    ],
    grad=False,
    bytes_moved=lambda p, g, b, **_: 5 * p.nbytes,
    bench=[((10_000_000,),) * 3],
)
