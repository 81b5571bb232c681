import numpy as np

import tilestack as ts
from cases._elementwise import SHAPES
from cases._philox import pairs, words
from harness import FLOATS, INTS, Case, rounded

SEED = (1 << 40) + 12345
DIGITS = {"float32": 24, "bfloat16": 8, "float16": 11}
SAMPLES = [(shape,) for shape in SHAPES]


def draw(fill):
    def op(x, **params):
        ts.manual_seed(SEED)
        return fill(ts.empty(x.shape, dtype=x.dtype), **params)

    return op


def unit(shape, dtype):
    n = int(np.prod(shape))
    if dtype == "float64":
        u = (pairs(SEED, n) >> np.uint64(11)) * 2.0**-53
    else:
        u = (words(SEED, n) >> np.uint64(32 - DIGITS[dtype])) * 2.0 ** -DIGITS[dtype]
    return u.reshape(shape)


def normal(shape, dtype):
    n = int(np.prod(shape))
    if dtype == "float64":
        u = ((pairs(SEED, n + n % 2) >> np.uint64(11)) * 2.0**-53).reshape(-1, 2)
        radius, turn = np.sqrt(-2 * np.log(1 - u[:, :1])), u[:, 1:]
        z = radius * np.concatenate([np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)], 1)
    else:
        w = words(SEED, -(-n // 64) * 64).reshape(-1, 2, 16)
        radius = np.sqrt(-2 * np.log(((w[:, :1] >> np.uint64(1)) + 0.5) * 2.0**-31))
        turn = (w[:, 1:] >> np.uint64(8)) * 2.0**-24
        z = radius * np.concatenate([np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)], 1)
    return z.reshape(-1)[:n].reshape(shape)


def integers(x, low, high):
    n = x.size
    picked = [int(bits) * (high - low) >> 64 for bits in pairs(SEED, n)]
    return (np.array(picked, np.int64) + low).reshape(x.shape)


def floats_case(dtype):
    return [
        Case(
            op=draw(lambda x: x.uniform_(-1, 3)),
            reference=lambda x: rounded(unit(x.shape, dtype) * 4 - 1, dtype),
            samples=SAMPLES,
            dtypes=(dtype,),
            grad=False,
            name=f"random-uniform-{dtype}",
        ),
        Case(
            op=draw(lambda x: x.normal_(1, 2)),
            reference=lambda x: normal(x.shape, dtype) * 2 + 1,
            samples=SAMPLES,
            dtypes=(dtype,),
            grad=False,
            # Where u is near 1, its rounding to float32 shows in the radius.
            tolerance={
                "float32": (1e-5, 1e-3),
                "bfloat16": (2**-8, 1e-2),
                "float16": (2**-10, 1e-3),
                "float64": (1e-12, 1e-12),
            },
            name=f"random-normal-{dtype}",
        ),
    ]


cases = [
    *[case for dtype in FLOATS for case in floats_case(dtype)],
    Case(
        op=draw(lambda x: x.bernoulli_(0.3)),
        reference=lambda x: (words(SEED, x.size) < round(0.3 * 2**32)).astype(x.dtype).reshape(x.shape),
        samples=SAMPLES,
        dtypes=(*FLOATS, *INTS),
        grad=False,
        name="random-bernoulli",
    ),
    Case(
        op=draw(lambda x: x.random_(-5, 100)),
        reference=lambda x: integers(x, -5, 100),
        samples=SAMPLES,
        dtypes=("int64", "int32", "int8"),
        grad=False,
        name="random-integers",
    ),
]
