import numpy as np

import tilestack as ts
from harness import Case


def pair(value):
    return tuple(value) if isinstance(value, tuple) else (value, value)


def looks(mode, align_corners, scale, size, out):
    """(out, size): what each output takes of each position."""
    o = np.arange(out, dtype=np.float64)
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


def reference(x, size=None, scale_factor=None, mode="nearest", align_corners=False, recompute_scale_factor=False):
    if x.ndim == 3:
        size = None if size is None else (1, size)
        factor = None if scale_factor is None else (1.0, scale_factor)
        return reference(x[:, :, None], size, factor, mode, align_corners, recompute_scale_factor)[:, :, 0]
    axes = []
    for i in range(2):
        n = x.shape[2 + i]
        out = pair(size)[i] if size is not None else int(n * pair(scale_factor)[i])
        exact = size is None and not recompute_scale_factor
        axes.append(looks(mode, align_corners, 1 / pair(scale_factor)[i] if exact else n / out, n, out))
    return np.einsum("nchw,ih,jw->ncij", x, *axes, optimize=True)


case = Case(
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
        ((2, 24, 20, 21), {"scale_factor": 2, "mode": "bilinear"}),
        ((2, 24, 20, 21), {"scale_factor": 2}),
    ],
    tolerance={"float32": (1e-5, 1e-5), "float64": (1e-13, 1e-13)},
    bytes_moved=lambda x, **_: 5 * x.nbytes,
    bench=[((16, 64, 56, 56), {"scale_factor": 2, "mode": "bilinear"})],
)
