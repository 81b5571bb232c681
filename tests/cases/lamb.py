import numpy as np

import tilestack as ts
from cases._optimizers import SHAPES, state
from harness import Case


def lamb(p, g, m, v, **options):
    p, (m, v) = p.clone(), state(m, v.abs())
    ts.lamb([p], [g], [m], [v], **options)
    return p


def reference(p, g, m, v, step, lr, weight_decay=0, maximize=False, eps=1e-6):
    beta1, beta2 = 0.9, 0.999
    g = -g if maximize else g
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * np.abs(v) + (1 - beta2) * g**2
    d = m / (1 - beta1**step) / (np.sqrt(v / (1 - beta2**step)) + eps) + weight_decay * p
    sizes = np.sqrt(np.sum(p**2)), np.sqrt(np.sum(d**2))
    return p - lr * (sizes[0] / sizes[1] if min(sizes) > 0 else 1) * d


case = Case(
    op=lamb,
    reference=reference,
    samples=[(shape,) * 4 for shape in SHAPES],
    params=[
        {"lr": 0.1, "step": 1},
        {"lr": 0.1, "step": 7, "weight_decay": 0.1, "maximize": True, "eps": 1e-3},
    ],
    grad=False,
    bytes_moved=lambda p, *_, **__: 12 * p.nbytes,
)
