import numpy as np

import tilestack as ts
from cases._losses import class_loss, classes
from cases._softmax import log_softmax
from harness import Case


def reference(x, t, w=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    log_p = log_softmax(x, 0 if x.ndim == 1 else 1)
    return class_loss(log_p, t, w, ignore_index, reduction, label_smoothing)


def probabilities(*shape):
    return lambda rng: rng.random(shape)


def weights(n):
    return lambda rng: rng.uniform(0.5, 2, n)


case = Case(
    op=ts.nn.functional.cross_entropy,
    reference=reference,
    samples=[
        ((1, 1), classes((1,), 1)),
        ((0, 5), classes((0,), 5), {"reduction": "sum"}),
        ((9,), classes((), 9)),
        ((5, 17), classes((5,), 17, dtype=np.int32)),
        ((5, 17), classes((5,), 17), {"reduction": "none"}),
        ((9, 10), classes((9,), 10, ignored=-100), weights(10), {"reduction": "mean"}),
        ((9, 10), classes((9,), 10, ignored=3), weights(10), {"ignore_index": 3, "label_smoothing": 0.1}),
        ((3, 7, 4, 5), classes((3, 4, 5), 7, ignored=-1), weights(7), {"ignore_index": -1, "reduction": "none"}),
        ((3, 7, 5), classes((3, 5), 7), {"reduction": "sum", "label_smoothing": 1.0}),
        ((6, 11), probabilities(6, 11), weights(11), {"label_smoothing": 0.2}),
        ((2, 5, 3), probabilities(2, 5, 3), {"reduction": "none"}),
        ((11, 9001), classes((11,), 9001)),
        ((700, 130), classes((700,), 130, ignored=-100)),
    ],
    grad=(0,),
    bytes_moved=lambda x, t, **_: x.nbytes,
    bench=[
        ((2048, 50257), classes((2048,), 50257)),
        ((8192, 1000), classes((8192,), 1000)),
        ((64, 10), classes((64,), 10)),
    ],
)
