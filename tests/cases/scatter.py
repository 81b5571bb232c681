import numpy as np

import tilestack as ts
from harness import ALL, FLOATS, Case


def integers(high, shape, dtype=np.int64):
    return lambda rng: rng.integers(0, high, shape).astype(dtype)


def scattered(add):
    def reference(x, source, index, dim):
        y = np.array(x)
        places = list(np.ogrid[tuple(slice(size) for size in index.shape)])
        places[dim] = index
        part = source if np.ndim(source) == 0 else source[tuple(slice(size) for size in index.shape)]
        if add:
            np.add.at(y, tuple(places), part)
            return y
        # numpy says not which of equal indices wins; one slice along dim at a time it is the last.
        for j in range(index.shape[dim]):
            at = [slice(None)] * index.ndim
            at[dim] = slice(j, j + 1)
            where = [np.broadcast_to(p, index.shape)[tuple(at)] for p in places]
            y[tuple(where)] = part if np.ndim(part) == 0 else part[tuple(at)]
        return y

    return reference


SAMPLES = [
    ((1,), (1,), integers(1, (1,)), {"dim": 0}),
    ((3, 4), (3, 0), integers(4, (3, 0)), {"dim": 1}),
    ((3, 4), (5, 4), integers(3, (5, 4)), {"dim": 0}),
    ((3, 4), (4, 9), integers(4, (2, 9), np.int32), {"dim": -1}),
    ((3, 4, 5), (2, 6, 3), integers(4, (2, 6, 3)), {"dim": 1}),
    ((300, 257), (300, 100), integers(257, (300, 100)), {"dim": 1}),
    ((700,), (9000,), integers(700, (9000,)), {"dim": 0}),
]

cases = [
    Case(
        op=lambda x, source, index, dim: ts.scatter_add(x, dim, index, source),
        reference=scattered(add=True),
        samples=SAMPLES,
        dtypes=(*FLOATS, "int64", "int32"),
        name="scatter_add",
        tolerance={"bfloat16": (1e-2, 1e-2), "float16": (2e-3, 2e-3), "float32": (1e-5, 1e-5)},
        bytes_moved=lambda x, source, index, dim: 2 * x.nbytes + source.nbytes + index.nbytes,
        bench=[((8192, 1024), (8192, 64), integers(1024, (8192, 64)), {"dim": 1})],
    ),
    Case(
        op=lambda x, source, index, dim: ts.scatter(x, dim, index, source),
        reference=scattered(add=False),
        # Elements that meet have one gradient each, of which only the last one's is real: as torch, so not to be
        # compared with differences.
        samples=[((3, 4), (3, 0), integers(4, (3, 0)), {"dim": 1}), *SAMPLES[:1], *SAMPLES[2:]],
        grad=False,
        dtypes=ALL,
        name="scatter",
        bytes_moved=lambda x, source, index, dim: 2 * x.nbytes + source.nbytes + index.nbytes,
        bench=[((8192, 1024), (8192, 64), integers(1024, (8192, 64)), {"dim": 1})],
    ),
    Case(
        op=lambda x, source, index, dim: ts.scatter(x, dim, index, source),
        reference=scattered(add=False),
        samples=[
            ((1, 1), (1, 1), integers(1, (1, 1)), {"dim": 1}),
            ((5, 3), (0, 3), integers(5, (0, 3)), {"dim": 0}),
            ((7, 5), (6, 4), lambda rng: np.argsort(rng.random((7, 4)), 0)[:5], {"dim": 0}),
            ((5, 9), (5, 1), lambda rng: rng.integers(0, 9, (5, 1)), {"dim": 1}),
            ((100, 151), (100, 120), lambda rng: np.argsort(rng.random((100, 151)), 1)[:, :120], {"dim": 1}),
        ],
        name="scatter-distinct",
    ),
]
