"""trap_nan: the first op that makes a NaN or an infinity."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from tilestack import _core
from tilestack._core import Tensor

from .watching import After, Watch, modules_in_progress, named_tensors, on_host, path_of

UNWRITTEN = {"empty", "empty_like", "new_empty", "empty_strided"}  # their values are what was in memory before
REMEMBERED = 100_000  # ops of the forward pass, for the backward pass to name


class trap_nan:
    """Raises FloatingPointError at the first op, forward or backward, that makes a NaN or an infinity.

    >>> with ts.trap_nan():
    ...     loss = F.cross_entropy(model(x), target)
    ...     loss.backward()
    FloatingPointError: encoder.fc1: log made an infinity, 3 of 128 values; input (2, 64) float32: 0 to 5.2, mean 2.1

    The message names the module's path, the op and what the op was given, with shapes and ranges; in the backward pass
    also what it had been given in the forward pass. A context manager; called as a function it lasts: ts.trap_nan()
    switches on for all threads, ts.trap_nan(False) off. If a NaN was in data or weights before, the first op that gets it
    is named and says so. Infinities that the program writes itself, as in masks, pass until an op makes NaN of them.
    Every op is looked at on the host, at many times its own cost; while it is off, it costs nothing. With a loss scaled
    for float16 gradients overflow as a matter of course: search without the scale.
    """

    def __init__(self, mode: bool = True) -> None:
        self.mode, self.before = bool(mode), _trap.watching
        _switch(self.mode)

    def __enter__(self) -> None:
        _switch(self.mode)

    def __exit__(self, *exception: object) -> None:
        _switch(self.before)


class _Flaws(NamedTuple):
    nan: bool
    infinite: bool


class _Place(NamedTuple):
    """Where in the forward pass an op ran."""

    op: str
    modules: list[Any]
    inputs: str


class _Trap(Watch):
    def __init__(self) -> None:
        self.places: dict[int, _Place] = {}  # by order on the tape

    def op(self, name: str, arguments: dict[str, Any]) -> After | None:
        if name == "_record":  # an op written in Python
            name, arguments = arguments["name"], {"inputs": arguments["inputs"]}
        elif name in UNWRITTEN or (name[:1] == "_" and name[:2] != "__"):
            return None
        given = named_tensors(arguments)
        if not given:
            return None
        written = _written(name, arguments)
        if written:
            before, inputs = _flaws(arguments.values()), _described(given)

        def after(result: Any) -> None:
            outputs = written or [x for _, x in named_tensors({"result": result})]
            flaws = _flaws(outputs)
            if any(flaws):
                had = (before, inputs) if written else (_flaws(arguments.values()), _described(given))
                _judge(_plain(name), flaws, *had, outputs, given)
            self.remember(name, outputs, given)

        return after

    def remember(self, name: str, outputs: list[Tensor], given: list[tuple[str, Tensor]]) -> None:
        orders = [order for y in outputs if (order := _core._tape_order(y)) is not None]
        if not orders or orders[0] in self.places:
            return
        self.places[orders[0]] = _Place(_plain(name), modules_in_progress(), _described(given))
        if len(self.places) > REMEMBERED:
            del self.places[next(iter(self.places))]

    def gradients(self, name: str, order: int, dys: list[Tensor | None], dxs: list[Tensor | None]) -> None:
        came, made = ([x for x in side if x is not None and x.dtype.is_floating_point] for side in (dys, dxs))
        if any(_flaws(came)):
            problem = (
                f"got {_counts(came)} as gradient: given to backward(), put there by a hook, or the sum of the gradients "
                "of several uses"
            )
        elif any(_flaws(made)):
            problem = f"made {_counts(made)} as gradient"
        else:
            return
        place = self.place_of(order, name)
        path = path_of(place.modules)
        gradients = _described(("gradient", dy) for dy in came)
        raise FloatingPointError(
            f"{path}: " * bool(path) + f"{place.op} (backward) {problem}; {gradients}" + "; forward it had "
            f"{place.inputs}" * bool(place.inputs)
        )

    def place_of(self, order: int, name: str) -> _Place:
        """Of the op that put this node on the tape, which may be one of several that it put there."""
        orders = sorted(self.places)
        at = bisect_left(orders, order)
        if at == len(orders):
            return _Place(name, [], "")
        place = self.places[orders[at]]
        return place if orders[at] == order else place._replace(op=f"{name} in {place.op}")


_trap = _Trap()


def _switch(on: bool) -> None:
    if on:
        _trap.on()
    else:
        _trap.off()
        _trap.places.clear()


def _written(name: str, arguments: dict[str, Any]) -> list[Tensor]:
    """What an op changes in place: for an optimizer's step its parameters."""
    in_place = name == "__setitem__" or (name[-1:] == "_" and name[-2:] != "__")
    target = arguments.get("params", next(iter(arguments.values())) if in_place else ())
    return [x for _, x in named_tensors({"": target})]


def _judge(
    op: str, after: _Flaws, before: _Flaws, inputs: str, outputs: list[Tensor], given: list[tuple[str, Tensor]]
) -> None:
    """Raises where what came out is worse than what went in, or is a NaN that was in no op's result before."""
    if (after.nan and not before.nan) or not any(before):
        raise FloatingPointError(f"{op} made {_counts(outputs)}; {inputs}")
    source = next(((label, x) for label, x in given if _flaws([x]).nan), None)
    if after.nan and source is not None and not _same_memory(outputs, source[1]):
        label, x = source
        raise FloatingPointError(
            f"{op}: {label} has {_counts([x])} already, which no op made while the trap was on: look at the data and the "
            f"weights; {inputs}"
        )


def _flaws(values: Iterable[Any]) -> _Flaws:
    nan = infinite = False
    for value in values:
        for array in _arrays(value):
            if not np.isfinite(array).all():
                nan |= bool(np.isnan(array).any())
                infinite |= bool(np.isinf(array).any())
    return _Flaws(nan, infinite)


def _arrays(value: Any) -> list[np.ndarray]:
    if isinstance(value, (float, np.floating)):
        return [np.array(value)]
    if isinstance(value, np.ndarray):
        return [value] if value.dtype.kind == "f" else []
    return [on_host(x) for _, x in named_tensors({"": value})]


def _counts(tensors: list[Tensor]) -> str:
    """Of all together: "3 NaN and 1 infinite of 128 values"."""
    arrays = [on_host(x) for x in tensors]
    nan = sum(int(np.isnan(array).sum()) for array in arrays)
    infinite = sum(int(np.isinf(array).sum()) for array in arrays)
    kinds = [f"{count:,} {kind}" for count, kind in ((nan, "NaN"), (infinite, "infinite")) if count]
    return f"{' and '.join(kinds)} of {sum(array.size for array in arrays):,} values"


def _described(tensors: Iterable[tuple[str, Tensor]]) -> str:
    return ", ".join(f"{label} {_range(x)}" for label, x in tensors)


def _range(x: Tensor) -> str:
    array = on_host(x)
    kind = f"{tuple(x.shape)} {x.dtype.name}"
    finite = array[np.isfinite(array)]
    if not finite.size:
        return f"{kind}: nothing finite" if array.size else kind
    low, high = float(finite.min()), float(finite.max())
    mean = float((finite / finite.size).sum())  # which can't overflow
    spoilt = f" beside {_counts([x])}" if finite.size < array.size else ""
    return f"{kind}: {low:.4g} to {high:.4g}, mean {mean:.4g}{spoilt}"


def _plain(name: str) -> str:
    """Operators by the name of their op."""
    if name[:2] != "__":
        return name
    return {"__truediv__": "div", "__rtruediv__": "div"}.get(name, name.strip("_"))


def _same_memory(outputs: list[Tensor], x: Tensor) -> bool:
    """For views of memory and writes into it."""
    return any(np.may_share_memory(on_host(y), on_host(x)) for y in outputs)
