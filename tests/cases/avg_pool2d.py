import tilestack as ts
from cases._pooling import pair, pooled, sliding
from harness import Case


def reference(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
    kernel, pad = pair(kernel_size), pair(padding)
    step = kernel if stride is None else pair(stride)
    rows, cols = (sliding(x.shape[i - 2], kernel[i], step[i], pad[i], 1, ceil_mode) for i in range(2))

    def mean(window, positions):
        return window.sum(-1) / (divisor_override or (positions if count_include_pad else window.shape[-1]))

    return pooled(x, rows, cols, mean)


case = Case(
    op=ts.nn.functional.avg_pool2d,
    reference=reference,
    samples=[
        ((1, 1, 1, 1), {"kernel_size": 1}),
        ((0, 3, 4, 4), {"kernel_size": 2}),
        ((2, 3, 5, 7), {"kernel_size": 2}),
        ((3, 5, 7), {"kernel_size": 2}),
        ((2, 35, 9, 7), {"kernel_size": 3, "stride": 2, "padding": 1}),
        ((2, 35, 9, 7), {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
        ((2, 5, 8, 9), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
        ((2, 5, 8, 9), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False}),
        ((1, 5, 11, 12), {"kernel_size": (3, 2), "stride": (2, 3), "padding": (1, 0), "divisor_override": 5}),
        ((2, 5, 7, 6), {"kernel_size": (7, 6)}),
        ((2, 3, 11, 39), {"kernel_size": (2, 3), "stride": (1, 2), "padding": 1, "ceil_mode": True}),
        ((4, 24, 40, 40), {"kernel_size": 3, "stride": 2, "padding": 1}),
    ],
    bytes_moved=lambda x, kernel_size, stride, padding: x.nbytes * (1 + 1 / stride**2),
    bench=[((32, 64, 56, 56), {"kernel_size": 3, "stride": 2, "padding": 1})],
)
