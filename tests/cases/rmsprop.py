import numpy as np

import tilestack as ts
from cases._optimizers import SHAPES, state
from harness import Case


def rmsprop(p, g, v, a, b, **options):
    p, (v, a, b) = p.clone(), state(v.abs() + 2, a * 0.1, b)
    ts.rmsprop([p], [g], [v], [a] if options.get("centered") else [], [b] if options.get("momentum") else [], **options)
    return p


def reference(p, g, v, a, b, lr, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False, maximize=False):
    g = (-g if maximize else g) + weight_decay * p
    v = alpha * (np.abs(v) + 2) + (1 - alpha) * g**2
    a = alpha * 0.1 * a + (1 - alpha) * g
    d = g / (np.sqrt(v - a**2 if centered else v) + eps)
    return p - lr * (momentum * b + d)


case = Case(
    op=rmsprop,
    reference=reference,
    samples=[(shape,) * 5 for shape in SHAPES],
    params=[
        {"lr": 0.1},
        {"lr": 0.1, "weight_decay": 0.1, "momentum": 0.9, "maximize": True},
        {"lr": 0.1, "alpha": 0.9, "centered": True},
    ],
    dtypes=("float32", "float64"),  # the state made here from 16-bit values is not the reference's
    grad=False,
    bytes_moved=lambda p, *_, **__: 5 * p.nbytes,
    bench=[(*((10_000_000,),) * 5, {"lr": 0.1})],
)
