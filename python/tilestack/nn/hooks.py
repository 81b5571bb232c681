"""Hooks of a Module: functions called around its forward and backward, and around its state_dict."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tilestack import _core
from tilestack._core import Tensor
from tilestack._hooks import RemovableHandle

if TYPE_CHECKING:
    from tilestack.nn.module import Module

_ids = itertools.count()


class Hooks:
    """The hooks of one module, by kind and id. A module without any has none of these objects."""

    def __init__(self) -> None:
        self.kinds: dict[str, dict[int, tuple[Callable[..., Any], bool]]] = {
            "forward_pre": {},
            "forward": {},
            "backward": {},
            "state_dict_pre": {},
            "state_dict_post": {},
            "load_state_dict_pre": {},
            "load_state_dict_post": {},
        }

    def add(
        self, module: Module, kind: str, hook: Callable[..., Any], prepend: bool, with_kwargs: bool
    ) -> RemovableHandle:
        if not callable(hook):
            raise TypeError(f"register_{kind}_hook: hook must be callable, got {type(hook).__name__}")
        hooks, key = self.kinds[kind], next(_ids)
        if prepend:
            self.kinds[kind] = {key: (hook, with_kwargs), **hooks}
        else:
            hooks[key] = (hook, with_kwargs)

        def remove() -> None:
            self.kinds[kind].pop(key, None)
            if not any(self.kinds.values()):
                module._hooks = None

        return RemovableHandle(remove)

    def of(self, kind: str) -> list[Callable[..., Any]]:
        return [hook for hook, _ in self.kinds[kind].values()]

    def call(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for hook, with_kwargs in list(self.kinds["forward_pre"].values()):
            if with_kwargs:
                args, kwargs = hook(module, args, kwargs) or (args, kwargs)
            elif (replaced := hook(module, args)) is not None:
                args = replaced if isinstance(replaced, tuple) else (replaced,)
        watch = None
        if self.kinds["backward"]:
            watch = _Backward(module, self.of("backward"))
            args = watch.inputs(args)
        y = module.forward(*args, **kwargs)
        for hook, with_kwargs in list(self.kinds["forward"].values()):
            replaced = hook(module, args, kwargs, y) if with_kwargs else hook(module, args, y)
            if replaced is not None:
                y = replaced
        return watch.outputs(y) if watch else y


class _Backward:
    """Sees the gradients on both sides of one call of a module, by ops that are the identity."""

    def __init__(self, module: Module, hooks: list[Callable[..., Any]]) -> None:
        self.module, self.hooks = module, hooks
        self.wanted = 0  # tensor arguments that have a gradient
        self.grad_output: tuple[Tensor | None, ...] = ()

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        places = [i for i, x in enumerate(args) if isinstance(x, Tensor) and x.requires_grad]
        self.size, self.places, self.wanted = len(args), places, len(places)
        seen = list(args)
        for i, x in zip(places, _identity(self.on_grad_input, [args[i] for i in places]), strict=True):
            seen[i] = x
        return tuple(seen)

    def outputs(self, y: Any) -> Any:
        if isinstance(y, Tensor):
            return _identity(self.on_grad_output, [y])[0] if y.requires_grad else y
        if not isinstance(y, (tuple, list)):
            return y
        places = [i for i, x in enumerate(y) if isinstance(x, Tensor) and x.requires_grad]
        seen = list(y)
        for i, x in zip(places, _identity(self.on_grad_output, [y[i] for i in places]), strict=True):
            seen[i] = x
        return tuple(seen) if isinstance(y, tuple) else seen

    def on_grad_output(self, gradients: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
        self.grad_output = gradients
        if not self.wanted:
            self.run((None,) * self.size)
        return gradients

    def on_grad_input(self, gradients: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
        every: list[Tensor | None] = [None] * self.size
        for i, gradient in zip(self.places, gradients, strict=True):
            every[i] = gradient
        after = self.run(tuple(every))
        return tuple(after[i] for i in self.places)

    def run(self, grad_input: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
        for hook in self.hooks:
            replaced = hook(self.module, grad_input, self.grad_output)
            if replaced is not None:
                grad_input = replaced if isinstance(replaced, tuple) else (replaced,)
        return grad_input


def _identity(see: Callable[[tuple[Any, ...]], tuple[Any, ...]], tensors: list[Tensor]) -> tuple[Tensor, ...]:
    """The tensors again; on the way back `see` gets their gradients together and returns those to go on with."""
    if not tensors:
        return ()
    outputs = [x.detach() for x in tensors]
    return tuple(_core._record("backward_hook", outputs, tensors, lambda *gradients: see(gradients)))
