import numpy as np

import tilestack as ts
from harness import Case
from tilestack.nn.quantized import pack_nibbles, unpack_nibbles


def reference(x, weight, scales, bias=None):
    q = unpack_nibbles(weight.astype(np.uint8)) if weight.shape[1] != x.shape[-1] else weight
    w = q * np.repeat(scales, x.shape[-1] // max(1, scales.shape[1]), axis=1)
    return x @ w.T + (0 if bias is None else bias)


def int8(out, depth):
    return lambda rng: rng.integers(-127, 128, (out, depth)).astype(np.int8)


def int4(out, depth):
    return lambda rng: pack_nibbles(rng.integers(-8, 8, (out, depth)))


def scales(*shape):
    return lambda rng: rng.uniform(0.001, 0.01, shape).astype(np.float32)


def op(x, weight, scales, bias=None):
    return ts.nn.functional.quantized_linear(x, weight, scales.float(), bias)


case = Case(
    op=op,
    reference=reference,
    dtypes=("float32", "bfloat16", "float16"),
    grad=False,
    # weights are rounded to the dtype of x where x has more than a few rows
    tolerance={"float32": (2e-5, 1e-5), "bfloat16": (2e-2, 8e-2), "float16": (2e-3, 1e-2)},
    samples=[
        ((1, 1), int8(1, 1), scales(1, 1), (1,)),
        ((0, 8), int8(5, 8), scales(5, 1), (5,)),
        ((3, 0), int8(5, 0), scales(5, 1), (5,)),
        ((3, 8), int8(0, 8), scales(0, 1), None),
        ((7,), int8(3, 7), scales(3, 1), (3,)),
        *[((rows, 131), int8(33, 131), scales(33, 1), (33,)) for rows in (1, 2, 3, 4, 5, 70)],
        ((1, 300), int8(900, 300), scales(900, 1), None),
        ((2, 3, 300), int8(900, 300), scales(900, 1), None),
        *[((rows, 192), int4(33, 192), scales(33, 6), (33,)) for rows in (1, 2, 3, 4, 5, 70)],
        ((1, 64), int4(3, 64), scales(3, 1), None),
        ((2, 256), int4(700, 256), scales(700, 2), None),
        ((9, 256), int4(700, 256), scales(700, 4), None),
    ],
    flops=lambda x, weight, scales, bias: 2 * x.size * weight.shape[0],
    bytes_moved=lambda x, weight, scales, bias: weight.nbytes + scales.nbytes,
    bench=[((1, 1024), int8(4096, 1024), scales(4096, 1), None)],
)
