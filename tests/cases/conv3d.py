import itertools

import numpy as np

import tilestack as ts
from harness import Case

F = ts.nn.functional


def triple(value):
    return (value,) * 3 if isinstance(value, int) else value


def taps(w, dilation):
    """Each place of the kernel, and where it is."""
    for place in itertools.product(*map(range, w.shape[2:])):
        yield w[(slice(None), slice(None), *place)], [d * p for d, p in zip(triple(dilation), place, strict=True)]


def grouped(function, x, w, groups):
    parts = zip(np.split(x, groups, 1), np.split(w, groups, 0), strict=True)
    return np.concatenate([function(*part) for part in parts], 1)


def convolved(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    if x.ndim == 4:
        return convolved(x[None], w, b, stride, padding, dilation, groups)[0]
    if padding == "same":
        total = [d * (k - 1) for d, k in zip(triple(dilation), w.shape[2:], strict=True)]
        sides = [(t // 2, t - t // 2) for t in total]
    else:
        sides = [(p, p) for p in triple(padding)]
    x = np.pad(x, [(0, 0), (0, 0), *sides])
    step = triple(stride)
    reach = [d * (k - 1) + 1 for d, k in zip(triple(dilation), w.shape[2:], strict=True)]
    out = [(n - r) // s + 1 for n, r, s in zip(x.shape[2:], reach, step, strict=True)]

    def one(x, w):
        y = np.zeros((len(x), len(w), *out))
        for weights, start in taps(w, dilation):
            seen = x[(..., *(slice(a, a + s * (n - 1) + 1, s) for a, s, n in zip(start, step, out, strict=True)))]
            y += np.einsum("ncdhw,oc->nodhw", seen, weights, optimize=True)
        return y

    y = grouped(one, x, w, groups)
    return y if b is None else y + b[:, None, None, None]


def transposed(x, w, b, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    step, extra = triple(stride), triple(output_padding)
    size = [
        (n - 1) * s + d * (k - 1) + e + 1
        for n, s, d, k, e in zip(x.shape[2:], step, triple(dilation), w.shape[2:], extra, strict=True)
    ]

    def one(x, w):
        y = np.zeros((len(x), w.shape[1], *size))
        for weights, start in taps(w, dilation):
            ends = zip(start, step, x.shape[2:], strict=True)
            y[(..., *(slice(a, a + s * (n - 1) + 1, s) for a, s, n in ends))] += np.einsum(
                "ncdhw,co->nodhw", x, weights, optimize=True
            )
        return y

    y = grouped(one, x, w, groups)
    y = y[(..., *(slice(p, n - p) for p, n in zip(triple(padding), size, strict=True)))]
    return y if b is None else y + b[:, None, None, None]


TOLERANCE = {"float32": (1e-5, 1e-5), "float64": (1e-13, 1e-13), "bfloat16": (2e-2, 2e-2), "float16": (3e-3, 3e-3)}

cases = [
    Case(
        op=F.conv3d,
        reference=convolved,
        low=-1,
        high=1,
        tolerance=TOLERANCE,
        samples=[
            ((1, 1, 1, 1, 1), (1, 1, 1, 1, 1), (1,)),
            ((0, 3, 4, 4, 4), (2, 3, 2, 2, 2), (2,)),
            ((2, 4, 3, 5, 4), (6, 2, 3, 2, 1), (6,), {"padding": (1, 0, 1), "groups": 2}),
            ((3, 5, 6, 7), (5, 3, 2, 3, 3), None, {"stride": (2, 1, 2), "dilation": (2, 1, 2), "padding": 2}),
            ((1, 2, 3, 4, 5), (3, 2, 2, 3, 4), (3,), {"padding": "same"}),
            ((2, 16, 6, 8, 9), (8, 16, 3, 3, 3), (8,), {"padding": 1}),
        ],
        name="conv3d",
    ),
    Case(
        op=F.conv_transpose3d,
        reference=transposed,
        low=-1,
        high=1,
        # with bfloat16 and float16 the taps along the depth are rounded before they are added up
        tolerance={**TOLERANCE, "bfloat16": (4e-2, 4e-2), "float16": (5e-3, 5e-3)},
        samples=[
            ((1, 1, 1, 1, 1), (1, 1, 1, 1, 1), (1,)),
            ((0, 3, 2, 2, 2), (3, 2, 2, 2, 2), (2,)),
            ((2, 16, 6, 8, 9), (16, 4, 2, 2, 2), (4,), {"stride": 2}),
            ((2, 4, 2, 3, 4), (4, 3, 3, 2, 3), (6,), {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2}),
            ((2, 3, 2, 2, 3), (3, 2, 2, 2, 2), None, {"dilation": (3, 2, 1), "output_padding": (2, 1, 0)}),
        ],
        name="conv_transpose3d",
    ),
]
