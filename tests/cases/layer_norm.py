import numpy as np

import tilestack as ts
from harness import Case


def layer_norm(x, w, b, shape=None, eps=1e-5):
    return ts.nn.functional.layer_norm(x, shape or w.shape, w, b, eps)


def reference(x, w, b, shape=None, eps=1e-5):
    axes = tuple(range(-len(shape or w.shape), 0))
    h = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)
    h = h if w is None else h * w
    return h if b is None else h + b


case = Case(
    op=layer_norm,
    reference=reference,
    samples=[
        ((1, 1), (1,), (1,)),
        ((0, 8), (8,), (8,)),
        ((3, 31), (31,), (31,)),
        ((8,), (8,), (8,)),
        ((2, 5, 64), (64,), (64,)),
        ((2, 3, 4, 5), (4, 5), (4, 5)),
        ((4, 130), None, None, {"shape": (130,)}),
        ((4, 33), (33,), None),
        ((4, 33), None, (33,), {"shape": (33,), "eps": 1e-3}),
        (lambda rng: 1000 + rng.standard_normal((5, 96)), (96,), (96,), {"eps": 1e-12}),
        ((300, 257), (257,), (257,)),
    ],
    bytes_moved=lambda x, w, b: 2 * x.nbytes + w.nbytes + b.nbytes,
    bench=[((768, 768), (768,), (768,)), ((8192, 768), (768,), (768,))],
)
