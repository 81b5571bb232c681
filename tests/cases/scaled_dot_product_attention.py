import numpy as np

import tilestack as ts
from cases._philox import blocks
from harness import Case

SEED = 77


def attention(q, k, v, mask=None, **params):
    ts.manual_seed(SEED)
    return ts.nn.functional.scaled_dot_product_attention(q, k, v, mask, **params)


def kept(shape, p):
    """Whether dropout leaves a probability: 8 keys of a row share a block of the stream."""
    rows, keys = int(np.prod(shape[:-1])), shape[-1]
    words = blocks(SEED, np.arange(rows * -(-keys // 8), dtype=np.uint64)).reshape(rows, -1)
    halves = np.stack([words & np.uint64(0xFFFF), words >> np.uint64(16)], -1).reshape(rows, -1)[:, :keys]
    return (halves >= round(p * 65536)).reshape(shape)


def reference(q, k, v, mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    if enable_gqa:
        group = q.shape[-3] // k.shape[-3]
        k, v = np.repeat(k, group, -3), np.repeat(v, group, -3)
    scores = q @ np.swapaxes(k, -1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    lead = np.broadcast_shapes(scores.shape[:-2], v.shape[:-2])
    scores = np.broadcast_to(scores, lead + scores.shape[-2:]).copy()
    if mask is not None:
        scores += np.where(mask, 0, -np.inf) if mask.dtype == bool else mask
    if is_causal:
        scores[..., ~np.tri(*scores.shape[-2:], dtype=bool)] = -np.inf
    top = scores.max(-1, keepdims=True, initial=-np.inf)
    e = np.exp(scores - np.where(np.isinf(top), 0, top))
    p = e / np.maximum(e.sum(-1, keepdims=True), 1e-300)
    if dropout_p:
        p = np.where(kept(p.shape, dropout_p), p / (1 - dropout_p) if dropout_p < 1 else 0.0, 0.0)
    return p @ v


def bools(*shape):
    return lambda rng: rng.random(shape) < 0.7


def floats(*shape):
    return lambda rng: rng.standard_normal(shape)


kernels = Case(
    op=attention,
    reference=reference,
    name="scaled_dot_product_attention",
    samples=[
        ((1, 1), (1, 1), (1, 1)),
        ((5, 8), (7, 8), (7, 8)),
        ((2, 0, 8), (2, 7, 8), (2, 7, 8)),
        ((2, 5, 8), (2, 0, 8), (2, 0, 8)),
        ((0, 3, 5, 8), (0, 3, 7, 8), (0, 3, 7, 8)),
        ((2, 3, 40, 16), (2, 3, 50, 16), (2, 3, 50, 24)),
        ((2, 33, 64), (2, 130, 64), (2, 130, 64)),
        ((1, 2, 70, 64), (1, 2, 70, 64), (1, 2, 70, 64), {"is_causal": True}),
        ((2, 100, 32), (2, 37, 32), (2, 37, 32), {"is_causal": True}),
        ((2, 37, 32), (2, 100, 32), (2, 100, 32), {"is_causal": True, "scale": 0.5}),
        ((3, 9, 33), (3, 11, 33), (3, 11, 7)),
        ((2, 20, 128), (2, 90, 128), (2, 90, 128)),
        ((1, 9, 256), (1, 20, 256), (1, 20, 256)),
        ((2, 4, 17, 16), (2, 2, 19, 16), (2, 2, 19, 16), {"enable_gqa": True}),
        ((2, 6, 17, 80), (2, 1, 40, 80), (2, 1, 40, 80), {"enable_gqa": True, "is_causal": True}),
        ((4, 1, 9, 16), (3, 11, 16), (1, 11, 16)),
        ((2, 3, 1, 16), (2, 3, 50, 16), (2, 3, 50, 48)),
        ((2, 4, 1, 64), (2, 2, 201, 64), (2, 2, 201, 128), {"enable_gqa": True}),
        ((1, 80), (7, 80), (7, 80), {"is_causal": True}),
        ((2, 1, 16), (2, 0, 16), (2, 0, 16)),
        ((2, 2, 2, 9, 16), (2, 2, 2, 11, 16), (2, 2, 2, 11, 16)),
        ((2, 2, 35, 16), (2, 2, 90, 16), (2, 2, 90, 16), bools(35, 90)),
        ((2, 2, 35, 64), (2, 2, 90, 64), (2, 2, 90, 64), bools(2, 1, 1, 90)),
        ((2, 2, 35, 16), (2, 2, 90, 16), (2, 2, 90, 16), floats(2, 35, 90)),
        ((2, 2, 35, 16), (2, 2, 90, 16), (2, 2, 90, 16), floats(35, 1), {"is_causal": True}),
        ((2, 35, 64), (2, 101, 64), (2, 101, 64), {"dropout_p": 0.3}),
        ((2, 35, 32), (2, 70, 32), (2, 70, 32), {"dropout_p": 0.3}),
        ((2, 35, 128), (1, 70, 128), (1, 70, 128), {"dropout_p": 0.3, "enable_gqa": True, "is_causal": True}),
        ((2, 9, 12), (2, 12, 12), (2, 12, 12), {"dropout_p": 1.0}),
        ((1, 2, 40, 32), (1, 1, 530, 32), (1, 1, 530, 32), {"enable_gqa": True}),
    ],
    # Rows of P sum to 1, so that gradients of scores cancel to the rounding of y, which backward takes them from.
    tolerance={"float64": (1e-13, 1e-13), "float32": (2e-5, 1e-5), "float16": (4e-3, 1e-2), "bfloat16": (3e-2, 6e-2)},
    flops=lambda q, k, v: 2 * q.size * k.shape[-2] + 2 * (q.size // q.shape[-1]) * v.shape[-1] * v.shape[-2],
    bench=[
        *[((4, 8, n, 64),) * 3 for n in (256, 512, 1024)],
        ((4, 8, 1024, 64), (4, 8, 1024, 64), (4, 8, 1024, 64), {"is_causal": True}),
        ((1, 16, 512, 128),) * 3,
    ],
)

# A mask that has a gradient: the formula op by op.
composed = Case(
    op=attention,
    reference=reference,
    name="scaled_dot_product_attention-mask_gradient",
    samples=[
        ((1, 1), (1, 1), (1, 1), (1, 1)),
        ((2, 0, 8), (2, 7, 8), (2, 7, 8), (0, 7)),
        ((2, 5, 8), (2, 0, 8), (2, 0, 8), (5, 0)),
        ((2, 3, 9, 8), (2, 3, 11, 8), (2, 3, 11, 5), (3, 1, 11)),
        ((2, 3, 9, 8), (2, 3, 11, 8), (2, 3, 11, 8), (9, 1), {"is_causal": True, "scale": 0.5}),
        ((2, 4, 9, 8), (2, 2, 11, 8), (2, 2, 11, 8), (2, 1, 9, 11), {"enable_gqa": True}),
        ((2, 3, 40, 16), (2, 3, 50, 16), (2, 3, 50, 24), (40, 50)),
        ((3, 9, 8), (11, 8), (11, 8), (9, 11), {"dropout_p": 1.0}),
    ],
    tolerance=kernels.tolerance,
)
cases = [kernels, composed]
