import numpy as np

import tilestack as ts
from harness import Case

F = ts.nn.functional


def normalized(x, groups, w, b, eps):
    rows = x.reshape(len(x), groups, np.prod(x.shape[1:], dtype=int) // groups)
    rows = (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + eps)
    y, along = rows.reshape(x.shape), (-1, *(1,) * (x.ndim - 2))
    y = y if w is None else y * w.reshape(along)
    return y if b is None else y + b.reshape(along)


cases = [
    Case(
        op=lambda x, w, b, num_groups: F.group_norm(x, num_groups, w, b, eps=1e-3),
        reference=lambda x, w, b, num_groups: normalized(x, num_groups, w, b, 1e-3),
        samples=[
            ((1, 1, 7), (1,), (1,), {"num_groups": 1}),
            ((0, 4, 3), (4,), (4,), {"num_groups": 2}),
            ((3, 6), (6,), None, {"num_groups": 2}),
            ((2, 6, 5, 7), None, None, {"num_groups": 3}),
            ((2, 32, 13, 17), (32,), (32,), {"num_groups": 8}),
        ],
        tolerance={"bfloat16": (4e-2, 4e-2), "float16": (5e-3, 5e-3), "float32": (1e-5, 1e-4)},
        name="group_norm",
    ),
    Case(
        op=lambda x, w, b: F.instance_norm(x, weight=w, bias=b, eps=1e-3),
        reference=lambda x, w, b: normalized(x, x.shape[1], w, b, 1e-3),
        samples=[
            ((1, 1, 7), (1,), (1,)),
            ((0, 4, 3), (4,), (4,)),
            ((2, 6, 5, 7), None, None),
            ((2, 32, 13, 17), (32,), (32,)),
        ],
        tolerance={"bfloat16": (4e-2, 4e-2), "float16": (5e-3, 5e-3), "float32": (1e-5, 1e-4)},
        name="instance_norm",
    ),
]
