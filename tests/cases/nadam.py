import numpy as np

import tilestack as ts
from cases._optimizers import SHAPES, state
from harness import Case


def nadam(p, g, m, v, **options):
    p, (m, v) = p.clone(), state(m, v.abs())
    ts.nadam([p], [g], [m], [v], **options)
    return p


def reference(p, g, m, v, step, lr, mu, mu_next, mu_product, weight_decay=0, decoupled=False, maximize=False, eps=1e-8):
    beta1, beta2 = 0.9, 0.999
    g = -g if maximize else g
    if decoupled:
        p = p * (1 - lr * weight_decay)
    else:
        g = g + weight_decay * p
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * np.abs(v) + (1 - beta2) * g**2
    mixed = (1 - mu) / (1 - mu_product) * g + mu_next / (1 - mu_product * mu_next) * m
    return p - lr * mixed / (np.sqrt(v / (1 - beta2**step)) + eps)


MOMENTA = {"mu": 0.6, "mu_next": 0.7, "mu_product": 0.5}
case = Case(
    op=nadam,
    reference=reference,
    samples=[(shape,) * 4 for shape in SHAPES],
    params=[
        {"lr": 0.1, "step": 1, **MOMENTA},
        {"lr": 0.1, "step": 7, **MOMENTA, "weight_decay": 0.1, "maximize": True},
        {"lr": 0.1, "step": 1000, **MOMENTA, "weight_decay": 0.1, "decoupled": True, "eps": 1e-3},
    ],
    grad=False,
    bytes_moved=lambda p, *_, **__: 7 * p.nbytes,
)
