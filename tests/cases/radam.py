import numpy as np

import tilestack as ts
from cases._optimizers import SHAPES, state
from harness import Case


def radam(p, g, m, v, **options):
    p, (m, v) = p.clone(), state(m, v.abs())
    ts.radam([p], [g], [m], [v], **options)
    return p


def reference(p, g, m, v, step, lr, beta2=0.999, weight_decay=0, decoupled=False, maximize=False, eps=1e-8):
    beta1 = 0.9
    g = -g if maximize else g
    if decoupled:
        p = p * (1 - lr * weight_decay)
    else:
        g = g + weight_decay * p
    m = (beta1 * m + (1 - beta1) * g) / (1 - beta1**step)
    v = beta2 * np.abs(v) + (1 - beta2) * g**2
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * step * beta2**step / (1 - beta2**step)
    if length <= 5:
        return p - lr * m
    rect = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    return p - lr * m * np.sqrt(rect * (1 - beta2**step)) / (np.sqrt(v) + eps)


case = Case(
    op=radam,
    reference=reference,
    samples=[(shape,) * 4 for shape in SHAPES],
    params=[
        {"lr": 0.1, "step": 5},  # the last one before the root counts
        {"lr": 0.1, "step": 6, "weight_decay": 0.1, "maximize": True},
        {"lr": 0.1, "step": 100, "weight_decay": 0.1, "decoupled": True, "beta2": 0.9, "eps": 1e-3},
    ],
    grad=False,
    bytes_moved=lambda p, *_, **__: 7 * p.nbytes,
)
