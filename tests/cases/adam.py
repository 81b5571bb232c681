import numpy as np

import tilestack as ts
from cases._optimizers import SHAPES, state
from harness import Case


def adam(p, g, m, v, most, **options):
    p, (m, v, most) = p.clone(), state(m, v.abs(), most.abs())
    ts.adam([p], [g], [m], [v], [most] if options.get("amsgrad") else [], **options)
    return p


def reference(
    p,
    g,
    m,
    v,
    most,
    step,
    lr,
    weight_decay=0,
    decoupled=False,
    amsgrad=False,
    maximize=False,
    beta1=0.9,
    beta2=0.999,
    eps=1e-8,
):
    v, most = np.abs(v), np.abs(most)
    g = -g if maximize else g
    if decoupled:
        p = p * (1 - lr * weight_decay)
    else:
        g = g + weight_decay * p
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    v = np.maximum(v, most) if amsgrad else v
    return p - lr * m / (1 - beta1**step) / (np.sqrt(v / (1 - beta2**step)) + eps)


case = Case(
    op=adam,
    reference=reference,
    samples=[(shape,) * 5 for shape in SHAPES],
    params=[
        {"lr": 0.1, "step": 1},
        {"lr": 0.1, "step": 7, "weight_decay": 0.1, "maximize": True},
        {"lr": 0.1, "step": 1000, "weight_decay": 0.1, "decoupled": True, "amsgrad": True, "beta1": 0.8, "beta2": 0.95},
    ],
    grad=False,
    bytes_moved=lambda p, *_, **__: 7 * p.nbytes,
    bench=[(*((10_000_000,),) * 5, {"lr": 0.1, "step": 7, "weight_decay": 0.1, "decoupled": True})],
)
