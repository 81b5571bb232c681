import numpy as np

import tilestack as ts
from harness import Case

WIDE = {"result_dtype": "float32", "dtypes": ("float32", "bfloat16", "float16")}
SAMPLES = [((), (1,)), ((0, 3), (7,)), ((3, 33), (40, 1000)), ((70_001,), (5,))]


def grad_norm(x, y, norm_type=2.0):
    return ts.grad_norm([x, y], norm_type)


def reference(x, y, norm_type=2.0):
    both = np.abs(np.concatenate([x.ravel(), y.ravel()]))
    return np.max(both) if norm_type == np.inf else np.sum(both**norm_type) ** (1 / norm_type)


PARAMS = [{}, {"norm_type": 1.0}, {"norm_type": np.inf}]
cases = [
    Case(
        op=grad_norm,
        reference=reference,
        samples=SAMPLES,
        params=PARAMS,
        grad=False,
        name=name,
        bytes_moved=lambda x, y, **_: x.nbytes + y.nbytes,
        **kind,
    )
    for name, kind in (("grad_norm", WIDE), ("grad_norm-float64", {"dtypes": ("float64",)}))
]
