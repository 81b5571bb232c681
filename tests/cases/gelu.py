import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, UNARY, bytes_moved, erf
from harness import Case


def gelu(x, approximate="none"):
    cubic = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
    inside = np.tanh(cubic) if approximate == "tanh" else erf(x / np.sqrt(2))
    return np.where(np.isneginf(x), 0, x * (1 + inside) / 2)


case = Case(
    op=ts.nn.functional.gelu,
    reference=gelu,
    samples=[*UNARY, (np.array([0.0, 10.0, 1e-30, np.nan, np.inf]),)],
    params=[{"approximate": "none"}, {"approximate": "tanh"}],
    bytes_moved=bytes_moved,
    bench=[(shape,) for shape in BENCH],
)
