"""Loading of a state_dict: everything is checked before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tilestack._core import Tensor
from tilestack.autograd import no_grad
from tilestack.nn.module import IncompatibleKeys, Module
from tilestack.nn.parameter import Parameter

LISTED = 20  # names printed of each kind of mismatch


def load_state(
    module: Module, state_dict: Mapping[str, Any], strict: bool, assign: bool
) -> tuple[list[str], list[str]]:
    """Load `state_dict` into the module's tensors. Returns the names that it lacks and those it has too many."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(
            f"load_state_dict: state_dict must be a mapping of names to tensors, got {type(state_dict).__name__}"
        )
    name, given = type(module).__name__, dict(state_dict)
    modules = list(module.named_modules(remove_duplicate=False))
    missing, unexpected, errors = _run_pre_hooks(modules, given, strict)
    places = {
        f"{path}.{key}" if path else key: (below, key, tensor)
        for path, below in modules
        for key, tensor in below._own_state()
    }
    missing += [key for key in places if key not in given]
    unexpected += [key for key in given if key not in places]
    values = {key: _as_tensor(key, given[key]) for key in places if key in given}
    shapes = [
        f"{key}: the module has {tuple(places[key][2].shape)}, the state_dict {tuple(value.shape)}"
        for key, value in values.items()
        if tuple(places[key][2].shape) != tuple(value.shape)
    ]
    faults = [("shape mismatch", shapes), ("error", errors)]
    names = [("missing in the state_dict", missing), ("unexpected", unexpected)] if strict else []
    post_hooks = [(below, hook) for _, below in reversed(modules) for hook in below._hooks_of("load_state_dict_post")]
    _check(name, faults if post_hooks else names + faults, "nothing was changed")
    for key, value in values.items():
        _put(*places[key], value, assign)
    for below, hook in post_hooks:
        hook(below, IncompatibleKeys(missing, unexpected))
    _check(name, names, "the rest was loaded")
    return missing, unexpected


def _run_pre_hooks(
    modules: list[tuple[str, Module]], given: dict[str, Any], strict: bool
) -> tuple[list[str], list[str], list[str]]:
    """The hooks may change `given`. Returns what they add to the missing and unexpected names and to the errors."""
    added: tuple[list[str], list[str], list[str]] = ([], [], [])
    for path, module in modules:
        for hook in module._hooks_of("load_state_dict_pre"):
            hook(module, given, f"{path}." if path else "", {}, strict, *added)
    return added


def _put(module: Module, name: str, tensor: Tensor, value: Tensor, assign: bool) -> None:
    if not assign:
        with no_grad():
            tensor.copy_(value)
        return
    if isinstance(tensor, Parameter):
        if not isinstance(value, Parameter):
            value = Parameter(value, tensor.requires_grad)
        value.requires_grad = tensor.requires_grad
    setattr(module, name, value)


def _as_tensor(key: str, value: Any) -> Tensor:
    import numpy as np

    import tilestack as ts

    if isinstance(value, Tensor):
        return value
    if isinstance(value, (np.ndarray, np.generic, bool, int, float)):
        return ts.tensor(value)
    raise TypeError(f"load_state_dict: {key!r} must be a tensor or numpy array, got {type(value).__name__}")


def _check(name: str, faults: list[tuple[str, list[str]]], outcome: str) -> None:
    if any(keys for _, keys in faults):
        raise ValueError(_explain(name, faults, outcome))


def _explain(name: str, faults: list[tuple[str, list[str]]], outcome: str) -> str:
    lines = [f"load_state_dict: the state_dict does not fit {name}; {outcome}"]
    for kind, keys in faults:
        if keys:
            more = [f"... and {len(keys) - LISTED} more"] if len(keys) > LISTED else []
            lines.append(f"  {kind} ({len(keys)}):")
            lines += ["    " + key for key in keys[:LISTED] + more]
    return "\n".join(lines)
