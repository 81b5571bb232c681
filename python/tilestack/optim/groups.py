"""Parameter groups by the role of parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tilestack._core import Tensor
from tilestack.nn import Module


def decay_groups(
    model: Module | Iterable[tuple[str, Tensor]],
    weight_decay: float = 0.01,
    no_decay: Callable[[str, Tensor], bool] | None = None,
) -> list[dict[str, Any]]:
    """Two parameter groups for an optimizer: with weight_decay, and without.

    model: a module, or (name, parameter) pairs as of named_parameters(). no_decay(name, parameter): whether it belongs to
    the latter; by default what has fewer than two dimensions does, that is biases and the weights of norms. Parameters
    that do not require a gradient are left out, and so is a group without parameters.

    >>> ts.optim.AdamW(ts.optim.decay_groups(model, 0.1), lr=3e-4)
    """
    named = model.named_parameters() if isinstance(model, Module) else model
    kept: list[Tensor] = []
    free: list[Tensor] = []
    for name, param in named:
        if param.requires_grad:
            (free if (param.dim() < 2 if no_decay is None else no_decay(name, param)) else kept).append(param)
    groups = [{"params": kept, "weight_decay": weight_decay}, {"params": free, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]
