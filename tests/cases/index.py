import numpy as np

from harness import ALL, Case


def integers(low, high, shape, dtype=np.int64):
    return lambda rng: rng.integers(low, high, shape).astype(dtype)


def mask(shape):
    return lambda rng: rng.random(shape) < 0.5


def subscript(items, where):
    """where: for each dimension ":" or the number of the item that picks from it."""
    return tuple(slice(None) if place == ":" else items[place] for place in where)


case = Case(
    op=lambda x, *items, where: x[subscript(items, where)],
    reference=lambda x, *items, where: x[subscript(items, where)],
    samples=[
        ((1,), integers(-1, 1, (1,)), {"where": (0,)}),
        ((5,), integers(-5, 5, (0,)), {"where": (0,)}),
        ((0, 3), integers(0, 3, (2,)), {"where": (":", 0)}),
        ((5, 7), integers(-5, 5, (3, 4)), {"where": (0,)}),
        ((5, 7), integers(-7, 7, (9,), np.int32), {"where": (":", 0)}),
        ((5, 7), integers(0, 5, (4, 1)), integers(0, 7, (3,)), {"where": (0, 1)}),
        ((4, 5, 6), integers(0, 4, (3,)), integers(-6, 6, (2, 3)), {"where": (0, ":", 1)}),
        ((4, 5, 6, 2), integers(0, 5, (3,)), integers(-6, 6, (2, 3)), {"where": (":", 0, 1)}),
        ((5, 7), mask((5, 7)), {"where": (0,)}),
        ((5, 7), mask((7,)), {"where": (":", 0)}),
        ((5, 6, 7), mask((5, 6)), {"where": (0,)}),
        ((200, 300), integers(0, 200, (500,)), {"where": (0,)}),
        ((20000,), integers(0, 20000, (30000,)), {"where": (0,)}),
    ],
    dtypes=ALL,
    bytes_moved=lambda x, index, where: 2 * index.size * x[0].nbytes,
    bench=[((50257, 768), integers(0, 50257, (2048,)), {"where": (0,)})],
)
