import numpy as np

import tilestack as ts
from harness import Case

ACTIVATIONS = {
    "none": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "gelu_tanh": lambda z: z * (np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)) + 1) / 2,
}


def conv2d(x, w, b, activation=None, **steps):
    if activation is None:
        return ts.nn.functional.conv2d(x, w, b, **steps)
    return ts.nn.functional.fused_conv2d(x, w, b, **steps, activation=activation)


def pair(value):
    return (value, value) if isinstance(value, int) else value


def reference(x, w, b, stride=1, padding=0, dilation=1, groups=1, activation=None):
    if x.ndim == 3:
        return reference(x[None], w, b, stride, padding, dilation, groups, activation)[0]
    (sh, sw), (dh, dw), (kh, kw) = pair(stride), pair(dilation), w.shape[2:]
    if padding == "same":
        high, wide = dh * (kh - 1), dw * (kw - 1)
        sides = (high // 2, high - high // 2), (wide // 2, wide - wide // 2)
    else:
        ph, pw = pair(0 if padding == "valid" else padding)
        sides = (ph, ph), (pw, pw)
    x = np.pad(x, ((0, 0), (0, 0), *sides))
    height = (x.shape[2] - dh * (kh - 1) - 1) // sh + 1
    width = (x.shape[3] - dw * (kw - 1) - 1) // sw + 1
    ways = np.split(x, groups, 1), np.split(w, groups, 0)
    y = np.zeros((len(x), len(w), height, width))
    for u in range(kh):
        for v in range(kw):
            for g, (part, filters) in enumerate(zip(*ways, strict=True)):
                seen = part[:, :, u * dh :, v * dw :][:, :, : (height - 1) * sh + 1 : sh, : (width - 1) * sw + 1 : sw]
                outs = slice(g * len(filters), (g + 1) * len(filters))
                y[:, outs] += np.einsum("nchw,oc->nohw", seen, filters[:, :, u, v], optimize=True)
    y = y if b is None else y + b[:, None, None]
    return ACTIVATIONS[activation or "none"](y)


def flops(x, w, b, stride=1, padding=0, dilation=1, **_):
    spans = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(x.shape[2:], w.shape[2:], pair(stride), pair(padding), pair(dilation), strict=True)
    ]
    return 2 * len(x) * spans[0] * spans[1] * w.size


case = Case(
    op=conv2d,
    reference=reference,
    low=-1,
    high=1,
    tolerance={"float32": (1e-5, 1e-5), "float64": (1e-13, 1e-13), "bfloat16": (2e-2, 2e-2), "float16": (2e-3, 2e-3)},
    samples=[
        ((1, 1, 1, 1), (1, 1, 1, 1), (1,)),
        ((0, 3, 5, 5), (4, 3, 3, 3), (4,)),
        ((2, 3, 5, 5), (0, 3, 3, 3), (0,)),
        ((2, 0, 5, 5), (4, 0, 3, 3), (4,)),
        ((2, 1, 9, 11), (6, 1, 5, 5), (6,)),
        ((2, 1, 9, 11), (6, 1, 5, 5), (6,), {"padding": 2, "activation": "relu"}),
        ((2, 6, 8, 7), (16, 6, 5, 5), (16,)),
        ((2, 2, 5, 7), (5, 2, 2, 1), (5,), {"activation": "tanh"}),
        ((2, 2, 5, 7), (5, 2, 1, 2), (5,), {"activation": "gelu_tanh"}),
        ((6, 7, 8), (4, 6, 3, 3), (4,)),
        ((2, 3, 19, 17), (7, 3, 7, 5), None, {"stride": (4, 3), "padding": (3, 1)}),
        ((2, 5, 10, 9), (4, 5, 3, 3), (4,), {"stride": 2, "padding": 1, "dilation": 2}),
        ((2, 5, 11, 12), (4, 5, 3, 2), (4,), {"stride": 2, "padding": (2, 3), "dilation": 3}),
        ((1, 4, 9, 9), (4, 4, 2, 3), (4,), {"stride": 3}),
        ((2, 20, 7, 6), (36, 20, 3, 3), (36,), {"padding": 1}),
        ((2, 40, 7, 6), (36, 40, 1, 1), (36,)),
        ((2, 40, 7, 6), (36, 40, 1, 1), None, {"stride": 2}),
        ((2, 3, 6, 6), (4, 3, 4, 3), (4,), {"padding": "same"}),
        ((2, 3, 6, 6), (4, 3, 3, 3), (4,), {"padding": "same", "dilation": 2}),
        ((2, 3, 6, 6), (4, 3, 3, 3), (4,), {"padding": "valid"}),
        ((2, 12, 6, 6), (8, 3, 3, 3), (8,), {"groups": 4, "padding": 1}),
        ((2, 12, 6, 6), (24, 1, 3, 3), (24,), {"groups": 12, "padding": 1}),
        ((2, 21, 9, 8), (21, 1, 3, 3), (21,), {"groups": 21, "padding": 1, "activation": "relu"}),
        ((2, 21, 9, 8), (21, 1, 3, 3), (21,), {"groups": 21, "stride": 2, "padding": 1}),
        ((2, 36, 7, 2), (36, 1, 3, 3), None, {"groups": 36, "stride": (2, 1), "padding": (0, 2)}),
        ((2, 21, 9, 8), (21, 1, 3, 5), None, {"groups": 21, "stride": 2, "padding": 2, "dilation": 2}),
        ((2, 16, 15, 3), (16, 1, 5, 3), (16,), {"groups": 16, "stride": (3, 1), "padding": (1, 2)}),
        ((2, 3, 31, 33), (20, 3, 7, 7), (20,), {"stride": 2, "padding": 3}),
        ((2, 3, 12, 33), (48, 3, 3, 3), (48,), {"padding": 1}),
        ((2, 3, 12, 33), (48, 3, 3, 3), (48,), {"padding": 1, "activation": "gelu_tanh"}),
        ((2, 2, 9, 45), (17, 2, 3, 3), (17,), {"padding": (4, 1), "activation": "gelu_tanh"}),
        ((1, 40, 9, 9), (16, 40, 5, 2), None, {"padding": 2}),
        ((1, 36, 6, 5), (104, 36, 3, 3), (104,), {"padding": 1}),
        ((1, 64, 40, 60), (16, 64, 3, 2), (16,)),
        ((2, 64, 9, 10), (64, 32, 3, 3), (64,), {"groups": 2, "padding": 1, "activation": "relu"}),
        ((2, 3, 2, 9), (4, 3, 2, 2), (4,), {"padding": 5, "stride": (3, 2)}),
        ((2, 6, 17, 40), (6, 1, 5, 5), (6,), {"groups": 6, "padding": 2, "activation": "gelu_tanh"}),
        ((2, 6, 13, 40), (6, 1, 3, 3), (6,), {"groups": 6, "padding": 1, "stride": 2, "activation": "relu"}),
        ((2, 6, 13, 40), (6, 1, 3, 3), None, {"groups": 6, "padding": (0, 3), "stride": (2, 3)}),
        ((1, 3, 60, 80), (3, 1, 3, 3), (3,), {"groups": 3, "padding": 2, "dilation": 2}),
        ((1, 3, 1, 8), (3, 1, 3, 3), (3,), {"groups": 3, "padding": 1}),
        ((2, 5, 7, 7), (5, 1, 3, 3), (5,), {"groups": 5, "padding": 1}),
        ((1, 3, 9, 7), (3, 1, 5, 5), (3,), {"groups": 3}),
        ((17, 1, 7, 9), (6, 1, 3, 5), (6,), {"padding": 1, "activation": "relu"}),
        ((16, 5, 6, 5), (9, 5, 3, 3), (9,), {"padding": 2, "stride": 2, "activation": "gelu_tanh"}),
        ((33, 3, 8, 7), (2, 3, 3, 2), (2,), {"padding": 1, "dilation": (1, 2), "stride": (1, 3)}),
        ((2, 3, 8, 20), (4, 3, 3, 3), (4,), {"dilation": (1, 2), "activation": "tanh"}),
        ((2, 20, 9, 8), (36, 20, 3, 3), (36,), {"dilation": 2, "padding": 2}),
        ((15, 24, 5, 6), (18, 4, 3, 3), (18,), {"groups": 6, "padding": 1}),
        ((9, 40, 14, 14), (48, 40, 2, 4), (48,), {"padding": 1}),
        ((30, 1, 28, 28), (6, 1, 5, 5), (6,)),
        ((8, 64, 20, 20), (64, 1, 3, 3), (64,), {"groups": 64, "padding": 1}),
    ],
    flops=flops,
    bench=[
        ((128, 1, 28, 28), (6, 1, 5, 5), (6,), {"padding": 2}),
        ((128, 6, 14, 14), (16, 6, 5, 5), (16,)),
        ((16, 3, 224, 224), (64, 3, 11, 11), (64,), {"stride": 4, "padding": 2}),
        ((8, 64, 56, 56), (64, 64, 3, 3), None, {"padding": 1}),
        ((8, 256, 14, 14), (256, 256, 3, 3), None, {"padding": 1}),
        ((8, 128, 56, 56), (128, 1, 3, 3), None, {"padding": 1, "groups": 128}),
        ((8, 64, 56, 56), (256, 64, 1, 1), None),
    ],
)
