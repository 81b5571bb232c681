"""Looking at every op while it runs, forward and backward, and at the module that it runs for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from tilestack import _core
from tilestack._core import Tensor
from tilestack.nn import Module

After = Callable[[Any], None]


class Watch:
    """A subclass says what it does with ops between on() and off(). Ops that it calls itself are not shown to it."""

    def op(self, name: str, arguments: dict[str, Any]) -> After | None:
        """Before each op. name: as Python calls it; arguments: by name. What it returns is called with the result."""
        return None

    def gradients(self, name: str, order: int, dys: list[Tensor | None], dxs: list[Tensor | None]) -> None:
        """After each op of the backward pass. order: the op's `_core._tape_order`; dys, dxs: gradients in and out."""

    @property
    def watching(self) -> bool:
        return self in _watches

    def on(self) -> None:
        if not self.watching:
            _watches.append(self)
        _install()

    def off(self) -> None:
        if self.watching:
            _watches.remove(self)
        _install()


_watches: list[Watch] = []


def _install() -> None:
    _core._watch_ops(_see_op if _watches else None)
    _core._watch_gradients(_see_gradients if _watches else None)


def _see_op(name: str, arguments: dict[str, Any]) -> After | None:
    called = [after for watch in _watches if (after := watch.op(name, arguments)) is not None]
    if len(called) < 2:
        return called[0] if called else None

    def every(result: Any) -> None:
        for after in called:
            after(result)

    return every


def _see_gradients(*seen: Any) -> None:
    for watch in list(_watches):
        watch.gradients(*seen)


def named_tensors(arguments: dict[str, Any]) -> list[tuple[str, Tensor]]:
    """The float tensors among values, also those in lists and tuples, with their names."""
    return list(_tensors(arguments.items()))


def _tensors(items: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Tensor]]:
    for name, value in items:
        if isinstance(value, Tensor):
            if value.dtype.is_floating_point:
                yield name, value
        elif isinstance(value, (list, tuple)):
            yield from _tensors((f"{name}[{i}]", item) for i, item in enumerate(value))


def on_host(x: Tensor) -> np.ndarray:
    """The values of a float tensor, float32 for the 16-bit floats; shares memory where it can."""
    x = x.detach()
    return (x if x.dtype.itemsize > 2 else x.float()).cpu().numpy()


def modules_in_progress() -> list[Module]:
    """The modules whose forward is running in this thread, the outermost first."""
    found: list[Module] = []
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name == "forward" and code.co_varnames:
            owner = frame.f_locals.get(code.co_varnames[0])
            if isinstance(owner, Module) and not (found and found[-1] is owner):
                found.append(owner)
        frame = frame.f_back  # type: ignore[assignment]
    return found[::-1]


def path_of(modules: list[Module]) -> str:
    """The dotted name of the innermost of modules_in_progress() as seen from the outermost."""
    if not modules:
        return ""
    names = {module: name for name, module in modules[0].named_modules()}
    return next((names[module] for module in reversed(modules) if module in names), "")
