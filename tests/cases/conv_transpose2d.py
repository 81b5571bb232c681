import numpy as np

import tilestack as ts
from harness import Case


def pair(value):
    return (value, value) if isinstance(value, int) else value


def reference(x, w, b, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    if x.ndim == 3:
        return reference(x[None], w, b, stride, padding, output_padding, groups, dilation)[0]
    (sh, sw), (ph, pw), (dh, dw), extra = pair(stride), pair(padding), pair(dilation), pair(output_padding)
    (batch, _, height, width), (outs, kh, kw) = x.shape, w.shape[1:]
    high, wide = (
        (n - 1) * s + d * (k - 1) + e + 1
        for n, s, d, k, e in zip((height, width), (sh, sw), (dh, dw), (kh, kw), extra, strict=True)
    )
    y = np.zeros((batch, outs * groups, high, wide))
    ways = np.split(x, groups, 1), np.split(w, groups, 0)
    for g, (part, filters) in enumerate(zip(*ways, strict=True)):
        for u in range(kh):
            for v in range(kw):
                seen = y[:, g * outs : (g + 1) * outs, u * dh :, v * dw :]
                seen[:, :, : (height - 1) * sh + 1 : sh, : (width - 1) * sw + 1 : sw] += np.einsum(
                    "nchw,co->nohw", part, filters[:, :, u, v], optimize=True
                )
    y = y[:, :, ph : high - ph, pw : wide - pw]
    return y if b is None else y + b[:, None, None]


case = Case(
    op=ts.nn.functional.conv_transpose2d,
    reference=reference,
    low=-1,
    high=1,
    tolerance={"float32": (1e-5, 1e-5), "float64": (1e-13, 1e-13), "bfloat16": (2e-2, 2e-2), "float16": (2e-3, 2e-3)},
    samples=[
        ((1, 1, 1, 1), (1, 1, 1, 1), (1,)),
        ((0, 3, 5, 5), (3, 4, 3, 3), (4,)),
        ((2, 6, 4, 7), (6, 5, 2, 2), (5,), {"stride": 2}),
        ((2, 6, 4, 5), (6, 5, 3, 3), None, {"stride": 2, "padding": 1, "output_padding": 1}),
        ((2, 4, 5, 3), (4, 3, 3, 2), (6,), {"stride": (1, 2), "padding": (1, 0), "groups": 2, "dilation": (2, 1)}),
        ((4, 5, 6), (4, 3, 4, 4), (3,), {"stride": 2, "padding": 1}),
        ((2, 4, 3, 4), (4, 3, 2, 2), (3,), {"dilation": 3, "output_padding": (2, 1)}),
        ((2, 6, 5, 5), (6, 1, 3, 3), (6,), {"stride": 2, "padding": 1, "groups": 6}),
        ((4, 24, 13, 13), (24, 16, 4, 4), (16,), {"stride": 2, "padding": 1}),
    ],
    flops=lambda x, w, b, stride=1, padding=0: 2 * x.size * w[0].size,
    bench=[((32, 64, 28, 28), (64, 32, 4, 4), (32,), {"stride": 2, "padding": 1})],
)
