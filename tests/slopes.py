"""Gradients against differences of the loss sum(dy * y) in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from parity import LARGE, Arrays, Variant, contiguous

Direction = dict[int, np.ndarray]  # by position of the input


def directions(variant: Variant) -> Iterator[Direction]:
    """One for each element where these are few, otherwise a few random ones."""
    sizes = {i: variant.inputs[i].shape for i in variant.grads}
    if sum(variant.inputs[i].size for i in sizes) <= 64:
        for i, shape in sizes.items():
            for at in np.ndindex(shape):
                one = {j: np.zeros(s) for j, s in sizes.items()}
                one[i][at] = 1
                yield one
        return
    rng = np.random.default_rng(3)
    for _ in range(1 if variant.numel > LARGE else 3):
        yield {i: rng.standard_normal(shape) for i, shape in sizes.items()}


def loss_of(results: Arrays, dys: Arrays) -> tuple[float, float]:
    """And the sum of its terms' sizes, which tells how exactly it is known."""
    floats = [y for y in results if y.dtype.kind == "f"]
    terms = [np.where(np.isfinite(y), dy * y, 0) for y, dy in zip(floats, dys, strict=True)]
    return float(sum(t.sum() for t in terms)), float(sum(np.abs(t).sum() for t in terms))


def moved(inputs: list[Any], direction: Direction, step: float) -> list[Any]:
    return [np.asarray(x + step * direction[i]) if i in direction else x for i, x in enumerate(inputs)]


def check_slope(
    variant: Variant, gradients: Arrays, function: Callable[[list[Any]], Arrays], dys: Arrays, direction: Direction
) -> str:
    """The derivative along the direction must be the central difference or, where the loss has a kink, lie between the
    differences to the left and to the right. A smaller step is tried where the first may have crossed a kink."""
    with np.errstate(all="ignore"):
        products = [g * direction[i] for i, g in zip(variant.grads, gradients, strict=True)]
    slope = float(sum(p.sum() for p in products))
    size = float(np.sqrt(sum(np.square(p).sum() for p in products)))
    for step in (1e-6, 1e-8):
        (here, terms), (before, _), (after, _) = (
            loss_of(function(moved(variant.inputs, direction, t)), dys) for t in (0, -step, step)
        )
        left, right, central = (here - before) / step, (after - here) / step, (after - before) / (2 * step)
        allowed = 1e-6 * size + 1e-15 * terms / step + 1e-9
        if abs(slope - central) <= allowed or min(left, right) - allowed <= slope <= max(left, right) + allowed:
            return ""
    at = {i: tuple(map(int, np.argwhere(v)[0])) for i, v in direction.items() if np.count_nonzero(v) == 1}
    return f"slope {slope:.9g}, differences {left:.9g} and {right:.9g}, allowed error {allowed:.3g}, along {at or 'a random direction'}"


def check_slopes(variant: Variant, function: Callable[[list[Any]], Arrays], name: str) -> None:
    """variant: float64. The gradients of the active instruction set against differences of the function."""
    dys = [contiguous(dy, "float64") for dy in variant.dys]
    results, gradients = variant.run(variant.tensors(), dys)
    wanted = [
        dy * y.requires_grad
        for dy, y in zip(variant.dys, (y for y in results if y.dtype.is_floating_point), strict=True)
    ]
    for direction in directions(variant):
        error = check_slope(variant, gradients, function, wanted, direction)
        assert not error, f"{variant} against {name}: {error}"
