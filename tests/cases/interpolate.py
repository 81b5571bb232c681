import numpy as np

import tilestack as ts
from harness import Case


def each(value, n):
    return tuple(value) if isinstance(value, tuple) else (value,) * n


def looks(mode, align_corners, scale, size, out):
    """(out, size): what each output takes of each position."""
    o = np.arange(out, dtype=np.float64)
    if mode == "bicubic":
        return cubic_looks(o * ((size - 1) / (out - 1)) if align_corners else (o + 0.5) * scale - 0.5, size)
    if align_corners:
        place = o * ((size - 1) / (out - 1) if out > 1 else 0)
    elif mode == "nearest":
        place = np.floor(o * scale)
    elif mode == "nearest-exact":
        place = np.floor((o + 0.5) * scale)
    else:
        place = np.maximum((o + 0.5) * scale - 0.5, 0)
    place = np.minimum(place, size - 1)
    low = np.floor(place).astype(int)
    share = place - low
    weights = np.zeros((out, size))
    np.add.at(weights, (np.arange(out), low), 1 - share)
    np.add.at(weights, (np.arange(out), np.minimum(low + 1, size - 1)), share)
    return weights


def cubic_looks(place, size):
    low = np.floor(place)
    weights = np.zeros((len(place), size))
    for tap in (-1, 0, 1, 2):
        d = np.abs(place - low - tap)
        near, far = (1.25 * d - 2.25) * d * d + 1, ((-0.75 * d + 3.75) * d - 6) * d + 3
        at = np.clip(low + tap, 0, size - 1).astype(int)
        np.add.at(weights, (np.arange(len(place)), at), np.where(d <= 1, near, far))
    return weights


def reference(x, size=None, scale_factor=None, mode="nearest", align_corners=False, recompute_scale_factor=False):
    for i, n in enumerate(x.shape[2:]):
        count = x.ndim - 2
        out = each(size, count)[i] if size is not None else int(n * each(scale_factor, count)[i])
        exact = size is None and not recompute_scale_factor
        weights = looks(mode, align_corners, 1 / each(scale_factor, count)[i] if exact else n / out, n, out)
        x = np.moveaxis(np.tensordot(x, weights, (2 + i, 1)), -1, 2 + i)
    return x


cases = [
    Case(
        op=ts.nn.functional.interpolate,
        reference=reference,
        samples=[
            ((1, 1, 1, 1), {"size": 1}),
            ((0, 3, 4, 4), {"size": 2}),
            ((2, 3, 4, 5), {"scale_factor": 2}),
            ((2, 8, 5, 7), {"size": (8, 3)}),
            ((2, 8, 5, 7), {"size": (8, 3), "mode": "nearest-exact"}),
            ((2, 3, 7), {"size": 11, "mode": "linear"}),
            ((2, 16, 4, 5), {"scale_factor": 2, "mode": "bilinear"}),
            ((2, 17, 4, 5), {"scale_factor": 2, "mode": "bilinear", "align_corners": True}),
            ((2, 5, 7, 9), {"size": (3, 14), "mode": "bilinear"}),
            ((2, 5, 7, 9), {"size": (1, 5), "mode": "bilinear", "align_corners": True}),
            ((2, 4, 7, 9), {"scale_factor": (1.3, 0.6), "mode": "bilinear"}),
            ((2, 4, 7, 9), {"scale_factor": (1.3, 0.6), "mode": "bilinear", "recompute_scale_factor": True}),
            ((2, 16, 4, 5), {"scale_factor": 2, "mode": "bicubic"}),
            ((2, 5, 7, 9), {"size": (3, 14), "mode": "bicubic", "align_corners": True}),
            ((1, 3, 1, 2), {"size": (2, 5), "mode": "bicubic"}),
            ((2, 24, 20, 21), {"scale_factor": 2, "mode": "bilinear"}),
            ((2, 24, 20, 21), {"scale_factor": 2}),
        ],
        tolerance={"float32": (1e-5, 1e-5), "float64": (1e-13, 1e-13)},
        bytes_moved=lambda x, **_: 5 * x.nbytes,
        bench=[((16, 64, 56, 56), {"scale_factor": 2, "mode": "bilinear"})],
        name="interpolate",
    ),
    Case(
        op=ts.nn.functional.interpolate,
        reference=reference,
        samples=[
            ((1, 1, 1, 1, 1), {"size": 1}),
            ((0, 3, 4, 4, 4), {"size": 2}),
            ((2, 3, 2, 4, 5), {"size": (3, 8, 3)}),
            ((2, 3, 2, 4, 5), {"scale_factor": (2, 1.5, 1), "align_corners": True}),
            ((2, 3, 2, 4, 5), {"scale_factor": (2, 1.5, 1), "mode": "nearest"}),
            ((2, 24, 3, 8, 9), {"scale_factor": 2}),
        ],
        params={"mode": "trilinear"},
        # in two passes, between which narrow floats are rounded
        tolerance={
            "bfloat16": (2e-2, 2e-2),
            "float16": (3e-3, 3e-3),
            "float32": (1e-5, 1e-5),
            "float64": (1e-13, 1e-13),
        },
        name="interpolate-volumes",
    ),
]
