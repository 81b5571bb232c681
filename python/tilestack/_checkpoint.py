"""Computing again instead of keeping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tilestack import _core
from tilestack._core import Tensor
from tilestack.autograd import Function, enable_grad


def checkpoint(function: Callable[..., Any], *inputs: Any, preserve_rng_state: bool = True) -> Any:
    """function(*inputs), computed again in backward instead of keeping what is in between.

    Memory of a stack of layers falls to its inputs and one layer's inside, for one forward pass more (Chen et al., 2016).
    function: returns a tensor or a tuple of tensors; it must do the same each time. inputs: tensors and anything else.
    Gradients reach the tensors among inputs and the parameters that function uses. preserve_rng_state: dropout and other
    random ops give in the second pass what they gave in the first. autocast is as it was in the first.

    >>> y = ts.checkpoint(block, x)
    """
    if not _core.is_grad_enabled():
        return function(*inputs)
    # The switch puts the op on the tape also where only parameters ask for gradients.
    switch = _core.empty((0,))
    switch.requires_grad = True
    return _Checkpoint.apply(switch, function, preserve_rng_state, *inputs)


class _Checkpoint(Function):
    @staticmethod
    def forward(ctx: Any, switch: Tensor, function: Callable[..., Any], preserve: bool, *inputs: Any) -> Any:
        ctx.function, ctx.inputs = function, inputs
        ctx.state = _core.get_rng_state() if preserve else None
        ctx.autocast = _core._autocast()
        return function(*inputs)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Any, ...]:
        now = _core.get_rng_state()
        if ctx.state is not None:
            _core.set_rng_state(ctx.state)
        inputs = []
        for x in ctx.inputs:
            asks = isinstance(x, Tensor) and x.requires_grad
            inputs.append(x.detach().requires_grad_() if asks else x)
        autocast = _core._autocast()
        _core._set_autocast(*ctx.autocast)
        try:
            with enable_grad():
                outputs = ctx.function(*inputs)
        finally:
            _core._set_autocast(*autocast)
        if ctx.state is not None:
            _core.set_rng_state(now)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        wanted = [(y, dy) for y, dy in zip(outputs, grads, strict=True) if dy is not None and y.requires_grad]
        for i, (y, dy) in enumerate(wanted):
            y.backward(dy, retain_graph=i + 1 < len(wanted))
        return (None, None, None, *(x.grad if isinstance(x, Tensor) and x.requires_grad else None for x in inputs))
