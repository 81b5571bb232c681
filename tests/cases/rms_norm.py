import numpy as np

import tilestack as ts
from harness import Case


def rms_norm(x, w, eps):
    return ts.nn.functional.rms_norm(x, x.shape[-1:] if w is None else w.shape, w, eps)


def reference(x, w, eps):
    axes = (-1,) if w is None else tuple(range(-w.ndim, 0))
    h = x / np.sqrt((x**2).mean(axes, keepdims=True) + eps)
    return h if w is None else h * w


case = Case(
    op=rms_norm,
    reference=reference,
    samples=[
        ((1, 1), (1,), {"eps": 0.5}),  # a small eps leaves but a rounding error of dx
        ((0, 8), (8,)),
        ((3, 31), (31,)),
        ((8,), (8,)),
        ((2, 5, 64), (64,)),
        ((2, 3, 4, 5), (4, 5)),
        ((4, 130), None),
        ((300, 257), (257,)),
    ],
    params={"eps": 1e-5},
    bytes_moved=lambda x, w, eps: 2 * x.nbytes + w.nbytes,
    bench=[((768, 768), (768,)), ((8192, 768), (768,))],
)
