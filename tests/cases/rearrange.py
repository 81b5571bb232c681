"""Ops that move elements by way of others."""

import numpy as np

import tilestack as ts
from harness import ALL, FLOATS, Case

F = ts.nn.functional
SHAPES = [((1,),), ((0, 3),), ((3, 7),), ((2, 3, 5),), ((101, 103),)]


def of_size(name, op, reference, samples, **options):
    return Case(op=op, reference=reference, samples=samples, name=name, **{"dtypes": (*FLOATS, "int64"), **options})


def shuffled(x, r):
    *n, c, h, w = x.shape
    y = x.reshape(*n, c // r**2, r, r, h, w)
    y = np.moveaxis(y, (-2, -4, -1, -3), (-4, -3, -2, -1))
    return y.reshape(*n, c // r**2, h * r, w * r)


def unshuffled(x, r):
    *n, c, h, w = x.shape
    y = x.reshape(*n, c, h // r, r, w // r, r)
    y = np.moveaxis(y, (-3, -1), (-4, -3))
    return y.reshape(*n, c * r**2, h // r, w // r)


def added(x, source, index, dim, alpha=1):
    y = np.moveaxis(np.array(x), dim, 0)
    np.add.at(y, index, alpha * np.moveaxis(source, dim, 0))
    return np.moveaxis(y, 0, dim)


def taken(x, indices, dim=None):
    return np.take_along_axis(
        x.reshape(-1) if dim is None else x, indices.reshape(-1) if dim is None else indices, dim or 0
    )


cases = [
    of_size(
        "flip", ts.flip, lambda x, dims: np.flip(x, dims), SHAPES, params=[{"dims": (0,)}, {"dims": (-1,)}], dtypes=ALL
    ),
    of_size(
        "flip-both",
        ts.flip,
        lambda x, dims: np.flip(x, dims),
        [s for s in SHAPES if len(s[0]) > 1] + [((1, 1),)],
        params={"dims": (0, -1)},
    ),
    of_size(
        "roll",
        ts.roll,
        lambda x, shifts, dims: np.roll(x, shifts, dims),
        SHAPES,
        params=[{"shifts": 2, "dims": None}, {"shifts": -1, "dims": -1}, {"shifts": (4, 1), "dims": (0, 0)}],
    ),
    of_size(
        "repeat",
        lambda x, sizes: x.repeat(*sizes),
        lambda x, sizes: np.tile(x, sizes),
        SHAPES,
        params=[{"sizes": (2, 1, 3)}, {"sizes": (1, 1, 1, 1)}, {"sizes": (0, 1, 2)}],
    ),
    of_size("tile", ts.tile, lambda x, dims: np.tile(x, dims), SHAPES, params=[{"dims": (2,)}, {"dims": (2, 1, 1, 2)}]),
    of_size(
        "repeat_interleave",
        ts.repeat_interleave,
        lambda x, repeats, dim: np.repeat(x, repeats, dim),
        SHAPES,
        params=[{"repeats": 3, "dim": None}, {"repeats": 1, "dim": 0}, {"repeats": 2, "dim": -1}],
    ),
    of_size(
        "repeat_interleave-each",
        ts.repeat_interleave,
        lambda x, repeats, dim: np.repeat(x, repeats, dim),
        [
            ((1, 4), np.array([2]), {"dim": 0}),
            ((0, 4), np.zeros(0, np.int64), {"dim": 0}),
            ((3, 7), np.array([2, 0, 3]), {"dim": 0}),
            ((101, 103), lambda rng: rng.integers(0, 3, 103), {"dim": 1}),
        ],
    ),
    of_size(
        "diag",
        ts.diag,
        lambda x, diagonal: np.diag(x, diagonal),
        [((1,),), ((0,),), ((7,),), ((1, 1),), ((5, 9),), ((9, 5),), ((200,),), ((300, 201),)],
        params=[{"diagonal": 0}, {"diagonal": 1}, {"diagonal": -3}],
    ),
    of_size(
        "diagonal",
        ts.diagonal,
        lambda x, offset, dim1, dim2: np.diagonal(x, offset, dim1, dim2),
        [((1, 1),), ((0, 3),), ((5, 9),), ((2, 3, 5),), ((200, 100),)],
        params=[
            {"offset": 0, "dim1": 0, "dim2": 1},
            {"offset": 1, "dim1": -1, "dim2": 0},
            {"offset": -9, "dim1": 0, "dim2": -1},
        ],
    ),
    of_size(
        "movedim",
        ts.movedim,
        lambda x, source, destination: np.moveaxis(x, source, destination),
        [((1, 1, 1),), ((0, 3, 2),), ((2, 3, 5),), ((21, 22, 23),)],
        params=[{"source": 0, "destination": -1}, {"source": (0, 1), "destination": (2, 0)}],
    ),
    of_size(
        "masked_fill",
        ts.masked_fill,
        lambda x, mask, value: np.where(mask, value, x),
        [
            ((1,), np.array(True)),
            ((0, 3), np.ones((0, 3), bool)),
            ((3, 7), lambda rng: rng.random(7) < 0.5),
            ((101, 103), lambda rng: rng.random((101, 103)) < 0.5),
        ],
        params={"value": 3},
    ),
    of_size(
        "masked_select",
        ts.masked_select,
        lambda x, mask: np.broadcast_to(x, np.broadcast_shapes(x.shape, mask.shape))[
            np.broadcast_to(mask, np.broadcast_shapes(x.shape, mask.shape))
        ],
        [
            ((1,), np.array([True])),
            ((0, 3), np.ones((0, 3), bool)),
            ((3, 7), lambda rng: rng.random(7) < 0.5),
            ((7,), lambda rng: rng.random((3, 1)) < 0.5),
            ((101, 103), lambda rng: rng.random((101, 103)) < 0.5),
        ],
    ),
    of_size(
        "take_along_dim",
        ts.take_along_dim,
        taken,
        [
            ((1,), np.array([0])),
            ((0, 3), np.zeros((0, 1), np.int64), {"dim": 1}),
            ((3, 7), lambda rng: rng.integers(0, 21, (2, 2))),
            ((3, 7), lambda rng: rng.integers(0, 7, (1, 4)), {"dim": 1}),
            ((1, 7), lambda rng: rng.integers(0, 7, (5, 2)), {"dim": -1}),
            ((101, 103), lambda rng: rng.integers(0, 101, (100, 103)), {"dim": 0}),
        ],
    ),
    of_size(
        "index_add",
        lambda x, source, index, dim, alpha=1: ts.index_add(x, dim, index, source, alpha=alpha),
        added,
        [
            ((1,), (1,), np.array([0]), {"dim": 0}),
            ((0, 3), (0, 2), np.array([0, 2]), {"dim": 1}),
            ((3, 7), (5, 7), np.array([0, 2, 2, 0, 2]), {"dim": 0, "alpha": 2}),
            ((101, 103), (101, 50), lambda rng: rng.integers(0, 103, 50), {"dim": -1}),
        ],
        tolerance={"bfloat16": (1e-2, 1e-2), "float16": (2e-3, 2e-3), "float32": (1e-5, 1e-5)},
    ),
    of_size(
        "pixel_shuffle",
        lambda x, r: F.pixel_shuffle(x, r),
        shuffled,
        [((1, 4, 1, 1),), ((0, 4, 2, 2),), ((4, 3, 5),), ((2, 3, 8, 5, 7),), ((2, 16, 20, 21),)],
        params={"r": 2},
    ),
    of_size(
        "pixel_unshuffle",
        lambda x, r: F.pixel_unshuffle(x, r),
        unshuffled,
        [((1, 1, 2, 2),), ((0, 4, 2, 2),), ((3, 4, 10),), ((2, 5, 2, 6, 14),), ((2, 4, 40, 42),)],
        params={"r": 2},
    ),
    of_size(
        "meshgrid",
        lambda x, y, indexing: ts.meshgrid(x, y, indexing=indexing),
        lambda x, y, indexing: tuple(np.meshgrid(x, y, indexing=indexing)),
        [((1,), (1,)), ((0,), (3,)), ((5,), (7,)), ((10001,), (3,))],
        params=[{"indexing": "ij"}, {"indexing": "xy"}],
        tolerance={"float32": (1e-4, 1e-4), "float64": (1e-12, 1e-12)},  # sums of 10,001
    ),
]
