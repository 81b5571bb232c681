import itertools

import numpy as np

import tilestack as ts
from harness import Case

F = ts.nn.functional


def reflected(place, low, high):
    span = high - low
    place = np.abs(place - low) % (2 * span)
    return np.where(place > span, 2 * span - place, place) + low


def inside(place, size, padding_mode, align_corners):
    if padding_mode == "reflection":
        place = reflected(place, 0, size - 1) if align_corners else reflected(place, -0.5, size - 0.5)
    return place if padding_mode == "zeros" else np.clip(place, 0, size - 1)


def kernel(mode, d):
    d = np.abs(d)
    if mode == "bicubic":
        near, far = (1.25 * d - 2.25) * d * d + 1, ((-0.75 * d + 3.75) * d - 6) * d + 3
        return np.where(d <= 1, near, np.where(d < 2, far, 0))
    return np.maximum(1 - d, 0)


def sampled(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False):
    n, axes = x.ndim - 2, []
    for i, size in enumerate(x.shape[2:]):
        at = grid[..., n - 1 - i].reshape(len(grid), int(np.prod(grid.shape[1:-1])))
        at = (at + 1) / 2 * (size - 1) if align_corners else ((at + 1) * size - 1) / 2
        at = at if mode == "bicubic" else inside(at, size, padding_mode, align_corners)
        if mode == "nearest":
            axes.append([(np.rint(at), 1.0)])
            continue
        places = [np.floor(at) + k for k in ((-1, 0, 1, 2) if mode == "bicubic" else (0, 1))]
        weights = [kernel(mode, at - place) for place in places]
        if mode == "bicubic":
            places = [inside(place, size, padding_mode, align_corners) for place in places]
        axes.append(list(zip(places, weights, strict=True)))
    y = np.zeros((*x.shape[:2], int(np.prod(grid.shape[1:-1]))))
    for corner in itertools.product(*axes):
        weight, index = 1.0, []
        for (place, factor), size in zip(corner, x.shape[2:], strict=True):
            weight = weight * factor * ((place >= 0) & (place <= size - 1))
            index.append(np.clip(place, 0, size - 1).astype(int))
        for b in range(len(x)):
            y[b] += x[b][(slice(None), *(i[b] for i in index))] * (weight[b] if np.ndim(weight) else weight)
    return y.reshape(*x.shape[:2], *grid.shape[1:-1])


def mapped(theta, size, align_corners=False):
    lines = [np.linspace(-1, 1, n) * (1 if align_corners else (n - 1) / n) for n in size[2:]]
    axes = np.meshgrid(*lines, indexing="ij")[::-1]
    base = np.stack([*axes, np.ones_like(axes[0])], -1)
    return np.einsum("...k,bik->b...i", base, theta)


IMAGE, GRID = (2, 3, 4, 5), (2, 3, 4, 2)
MODES = [
    {"mode": mode, "padding_mode": padding_mode, "align_corners": aligned}
    for mode, padding_mode, aligned in [
        ("bilinear", "zeros", False),
        ("bilinear", "border", True),
        ("bilinear", "reflection", False),
        ("bicubic", "zeros", True),
        ("bicubic", "border", False),
        ("bicubic", "reflection", True),
    ]
]

cases = [
    Case(
        op=F.grid_sample,
        reference=sampled,
        samples=[
            *((IMAGE, GRID, how) for how in MODES),
            ((0, 3, 4, 5), (0, 3, 4, 2)),
            ((1, 1, 1, 1), (1, 1, 1, 2)),
            ((2, 60, 9, 10), (2, 4, 5, 2)),
            ((1, 2, 2, 3, 4), (1, 3, 2, 2, 3), {"padding_mode": "border"}),
        ],
        low=-1.3,
        high=1.3,
        dtypes=("float32", "float64"),  # in narrow floats the grid's rounding is most of a pixel
        tolerance={"float32": (1e-4, 1e-4), "float64": (1e-12, 1e-12)},
        name="grid_sample",
    ),
    Case(
        op=F.grid_sample,
        reference=sampled,
        samples=[
            (IMAGE, GRID),
            ((0, 3, 4, 5), (0, 3, 4, 2)),
            ((1, 1, 1, 1), (1, 1, 1, 2)),
            ((2, 60, 9, 10), (2, 4, 5, 2)),
            ((1, 2, 2, 3, 4), (1, 3, 2, 2, 3)),
        ],
        params={"mode": "nearest"},
        low=-1.3,
        high=1.3,
        grad=(0,),
        dtypes=("float32", "float64"),
        name="grid_sample-nearest",
    ),
    Case(
        op=F.affine_grid,
        reference=mapped,
        samples=[
            ((0, 2, 3), {"size": (0, 1, 2, 2)}),
            ((1, 2, 3), {"size": (1, 1, 3, 4)}),
            ((1701, 2, 3), {"size": (1701, 1, 2, 2)}),
            ((1, 3, 4), {"size": (1, 2, 2, 3, 4), "align_corners": True}),
        ],
        tolerance={"bfloat16": (4e-2, 4e-2), "float16": (5e-3, 5e-3), "float32": (1e-5, 1e-5)},
        name="affine_grid",
    ),
]
