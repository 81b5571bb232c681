import numpy as np

import tilestack as ts
from cases._optimizers import SHAPES, state
from harness import Case


def adagrad(p, g, s, **options):
    p, (s,) = p.clone(), state(s.abs())
    ts.adagrad([p], [g], [s], **options)
    return p


def reference(p, g, s, step, lr, lr_decay=0, weight_decay=0, maximize=False, eps=1e-10):
    g = (-g if maximize else g) + weight_decay * p
    return p - lr / (1 + (step - 1) * lr_decay) * g / (np.sqrt(np.abs(s) + g**2) + eps)


case = Case(
    op=adagrad,
    reference=reference,
    samples=[(shape,) * 3 for shape in SHAPES],
    params=[
        {"lr": 0.1, "step": 1},
        {"lr": 0.1, "step": 5, "lr_decay": 0.5, "weight_decay": 0.1, "maximize": True, "eps": 1e-3},
    ],
    grad=False,
    bytes_moved=lambda p, *_, **__: 5 * p.nbytes,
)
