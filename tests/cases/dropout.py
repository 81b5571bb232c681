import numpy as np

import tilestack as ts
from cases._elementwise import BENCH, bytes_moved
from cases._philox import words
from harness import Case

SEED = 77


def dropout(x, p=0.5, training=True):
    ts.manual_seed(SEED)
    return ts.nn.functional.dropout(x, p, training)


def reference(x, p=0.5, training=True):
    if not training or p == 0:
        return x
    w = words(SEED, -(-x.size // 2))
    halves = np.stack([w & np.uint64(0xFFFF), w >> np.uint64(16)], -1).reshape(-1)[: x.size]
    kept = (halves >= round(p * 65536)).reshape(x.shape)
    return np.where(kept, x / (1 - p) if p < 1 else 0.0, 0.0)


case = Case(
    op=dropout,
    reference=reference,
    samples=[((),), ((0,),), ((1,),), ((33,),), ((3, 5),), ((7, 129),), ((70_001,),)],
    params=[{"p": 0.5}, {"p": 0.1}, {"p": 0.0}, {"p": 1.0}, {"p": 0.5, "training": False}],
    bytes_moved=bytes_moved,
    bench=[(shape, {"p": 0.1}) for shape in BENCH],
)
