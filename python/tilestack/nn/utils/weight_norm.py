"""Weights as a length and a direction."""

from __future__ import annotations

from typing import Any, TypeVar

from tilestack._core import Tensor
from tilestack.nn.module import Module
from tilestack.nn.parameter import Parameter

M = TypeVar("M", bound=Module)


def _length(v: Tensor, dim: int | None) -> Tensor:
    if dim is None:
        return v.norm()
    at = dim % v.dim()
    others = tuple(i for i in range(v.dim()) if i != at)
    return v.norm(2.0, others, True) if others else v.abs()


class _WeightNorm:
    """The hook that makes the weight before each forward pass."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = dim
        self.handle: Any = None

    def weight(self, module: Module) -> Tensor:
        g, v = getattr(module, f"{self.name}_g"), getattr(module, f"{self.name}_v")
        scale: Tensor = g / _length(v, self.dim)
        return v * scale

    def __call__(self, module: Module, args: Any) -> None:
        setattr(module, self.name, self.weight(module))


def _hook_of(module: Module, name: str) -> _WeightNorm | None:
    hooks: dict[str, _WeightNorm] = module.__dict__.get("_weight_norms", {})
    return hooks.get(name)


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Replace the parameter `name` by g v / |v|, with parameters name_g and name_v (Salimans and Kingma, 2016).

    |v| is over all dimensions but dim; None: over all. The weight is made anew before each forward pass.
    """
    if _hook_of(module, name) is not None:
        raise RuntimeError(f"weight_norm: {type(module).__name__}.{name} has weight norm already")
    weight = getattr(module, name)
    if not isinstance(weight, Parameter):
        raise ValueError(f"weight_norm: {type(module).__name__}.{name} must be a Parameter")
    hook = _WeightNorm(name, dim)
    delattr(module, name)
    v = weight.detach()
    module.register_parameter(f"{name}_g", Parameter(_length(v, dim)))
    module.register_parameter(f"{name}_v", Parameter(v))
    setattr(module, name, hook.weight(module))
    hook.handle = module.register_forward_pre_hook(hook)
    module.__dict__.setdefault("_weight_norms", {})[name] = hook
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make the weight a parameter again, with its present value."""
    hook = _hook_of(module, name)
    if hook is None:
        raise ValueError(f"remove_weight_norm: {type(module).__name__}.{name} has no weight norm")
    weight = hook.weight(module).detach()
    hook.handle.remove()
    del module.__dict__["_weight_norms"][name]
    for part in (name, f"{name}_g", f"{name}_v"):
        delattr(module, part)
    module.register_parameter(name, Parameter(weight))
    return module
