import math

import numpy as np

import tilestack as ts
from harness import Case

ACTIVATIONS = {
    "none": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "gelu": lambda z: z * (np.vectorize(math.erf, otypes=[float])(z / math.sqrt(2)) + 1) / 2,
    "gelu_tanh": lambda z: z * (np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)) + 1) / 2,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
}


def linear(x, w, b, residual=None, activation=None):
    if activation is None:
        return ts.nn.functional.linear(x, w, b)
    return ts.nn.functional.fused_linear(x, w, b, activation, residual)


def reference(x, w, b, residual=None, activation=None):
    y = ACTIVATIONS[activation or "none"](x @ w.T + (0 if b is None else b))
    return y if residual is None else y + residual


case = Case(
    op=linear,
    reference=reference,
    low=-1,
    high=1,
    tolerance={"float32": (2e-5, 1e-5), "float64": (1e-13, 1e-13), "bfloat16": (2e-2, 2e-2), "float16": (2e-3, 2e-3)},
    samples=[
        ((1, 1), (1, 1), (1,)),
        ((4, 4), (4, 4), (4,)),
        ((0, 8), (5, 8), (5,)),
        ((3, 0), (5, 0), (5,)),
        ((3, 8), (0, 8), (0,)),
        ((7,), (3, 7), (3,)),
        ((3, 31), (33, 31), None),
        ((2, 5, 64), (10, 64), (10,)),
        ((65, 40), (130, 40), (130,)),
        ((200, 300), (320, 300), (320,)),
        ((3000, 6), (20, 6), (20,)),
        *[((5, 19), (37, 19), (37,), {"activation": name}) for name in ACTIVATIONS],
        *[((150, 80), (90, 80), None, {"activation": name}) for name in ("relu", "gelu")],
        *[((5, 19), (37, 19), (37,), (5, 37), {"activation": name}) for name in ACTIVATIONS],
        *[((2, 75, 80), (90, 80), None, (2, 75, 90), {"activation": name}) for name in ("none", "gelu_tanh")],
        ((2, 3), (4, 3), (4,), (2, 4), {"activation": "none"}),
        ((2, 24), (70, 24), (70,), (2, 70), {"activation": "none"}),
    ],
    flops=lambda x, w, b: 2 * x.size * w.shape[0],
    bench=[
        ((64, 784), (512, 784), (512,)),
        ((64, 512), (10, 512), (10,)),
        ((2048, 768), (3072, 768), (3072,), {"activation": "gelu"}),
    ],
)
