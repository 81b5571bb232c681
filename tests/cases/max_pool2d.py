import numpy as np

import tilestack as ts
from cases._pooling import pair, pooled, sliding
from harness import Case


def reference(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    kernel, pad, spread = pair(kernel_size), pair(padding), pair(dilation)
    step = kernel if stride is None else pair(stride)
    rows, cols = (sliding(x.shape[i - 2], kernel[i], step[i], pad[i], spread[i], ceil_mode) for i in range(2))
    return pooled(x, rows, cols, lambda window, _: window.max(-1, initial=-np.inf))


SAMPLES = [
    ((1, 1, 1, 1), {"kernel_size": 1}),
    ((0, 3, 4, 4), {"kernel_size": 2}),
    ((2, 0, 4, 4), {"kernel_size": 2}),
    ((2, 3, 5, 7), {"kernel_size": 2}),
    ((3, 5, 7), {"kernel_size": 2}),
    ((2, 6, 8, 8), {"kernel_size": 2, "stride": 2}),
    ((2, 35, 9, 7), {"kernel_size": 3, "stride": 2, "padding": 1}),
    ((2, 5, 9, 7), {"kernel_size": 3, "stride": 1, "padding": 1}),
    ((1, 5, 11, 12), {"kernel_size": (3, 2), "stride": (2, 3), "padding": (1, 0), "dilation": (2, 3)}),
    ((1, 19, 8, 9), {"kernel_size": 3, "stride": 2, "dilation": 2, "ceil_mode": True}),
    ((2, 17, 8, 9), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    ((1, 3, 18, 18), {"kernel_size": 17, "stride": 1, "padding": 8}),
    ((1, 33, 4, 4), {"kernel_size": 1, "stride": 3}),
    ((2, 3, 11, 39), {"kernel_size": (2, 3), "stride": (1, 2), "padding": 1, "ceil_mode": True}),
    ((4, 24, 40, 40), {"kernel_size": 3, "stride": 2, "padding": 1}),
    ((16, 6, 28, 28), {"kernel_size": 2}),
    ((3, 16, 6, 9), {"kernel_size": (2, 3)}),
    ((3, 4, 5, 6), {"kernel_size": 2, "stride": (2, 3), "ceil_mode": True}),
    ((2, 4, 6, 6), {"kernel_size": 3, "padding": 1}),
]

case = Case(
    op=ts.nn.functional.max_pool2d,
    reference=reference,
    samples=SAMPLES,
    bytes_moved=lambda x, kernel_size, stride, padding=0: x.nbytes * (1 + 1 / stride**2),
    bench=[
        ((32, 64, 56, 56), {"kernel_size": 3, "stride": 2, "padding": 1}),
        ((128, 6, 28, 28), {"kernel_size": 2, "stride": 2}),
    ],
)
