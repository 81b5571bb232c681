import numpy as np

import tilestack as ts
from harness import Case


def labels(shape, classes, dtype=np.int64):
    return lambda rng: rng.integers(0, classes, shape).astype(dtype)


case = Case(
    op=ts.nn.functional.one_hot,
    reference=lambda x, num_classes=-1: np.eye(x.max() + 1 if num_classes < 0 else num_classes, dtype=np.int64)[x],
    samples=[
        (labels((1,), 1),),
        (labels((0,), 3), {"num_classes": 3}),
        (labels((4, 5), 7, np.int32),),
        (labels((4, 5), 7), {"num_classes": 33}),
        (labels((20000,), 10), {"num_classes": 10}),
    ],
    dtypes=("int64",),
    grad=False,
    result_dtype="int64",
    bytes_moved=lambda x, num_classes: x.nbytes * (1 + num_classes),
    bench=[(labels((60000,), 10), {"num_classes": 10})],
)
