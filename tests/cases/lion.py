import numpy as np

import tilestack as ts
from cases._optimizers import SHAPES, state
from harness import Case


def lion(p, g, m, **options):
    p, (m,) = p.clone(), state(m)
    ts.lion([p], [g], [m], **options)
    return p


def reference(p, g, m, lr, beta1=0.9, weight_decay=0, maximize=False):
    mixed = beta1 * m + (1 - beta1) * (-g if maximize else g)
    return p * (1 - lr * weight_decay) - lr * np.sign(mixed)


case = Case(
    op=lion,
    reference=reference,
    samples=[(shape,) * 3 for shape in SHAPES],
    # Powers of 2 in beta1, so that a sum of 16-bit values that is 0 is so in every precision.
    params=[{"lr": 0.1, "beta1": 0.75}, {"lr": 0.1, "beta1": 0.5, "weight_decay": 0.1, "maximize": True}],
    grad=False,
    bytes_moved=lambda p, *_, **__: 5 * p.nbytes,
)
