"""Loading of a state_dict: everything is checked before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tilestack._core import Tensor

LISTED = 20  # names printed of each kind of mismatch


def load_state(
    name: str, own: Mapping[str, Tensor], given: Mapping[str, Any], strict: bool
) -> tuple[list[str], list[str]]:
    """Copy `given` into the tensors `own`. Returns the names that are missing in `given` and those it has too many."""
    if not isinstance(given, Mapping):
        raise TypeError(
            f"load_state_dict: state_dict must be a mapping of names to tensors, got {type(given).__name__}"
        )
    missing = [key for key in own if key not in given]
    unexpected = [key for key in given if key not in own]
    values = {key: _as_tensor(key, given[key]) for key in own if key in given}
    shapes = [
        f"{key}: the module has {tuple(own[key].shape)}, the state_dict {tuple(value.shape)}"
        for key, value in values.items()
        if tuple(own[key].shape) != tuple(value.shape)
    ]
    faults = [("shape mismatch", shapes)]
    if strict:
        faults = [("missing in the state_dict", missing), ("unexpected", unexpected), *faults]
    if any(keys for _, keys in faults):
        raise ValueError(_explain(name, faults))
    import tilestack as ts

    with ts.no_grad():
        for key, value in values.items():
            own[key].copy_(value)
    return missing, unexpected


def _as_tensor(key: str, value: Any) -> Tensor:
    import numpy as np

    import tilestack as ts

    if isinstance(value, Tensor):
        return value
    if isinstance(value, (np.ndarray, np.generic, bool, int, float)):
        return ts.tensor(value)
    raise TypeError(f"load_state_dict: {key!r} must be a tensor or numpy array, got {type(value).__name__}")


def _explain(name: str, faults: list[tuple[str, list[str]]]) -> str:
    lines = [f"load_state_dict: the state_dict does not fit {name}; nothing was changed"]
    for kind, keys in faults:
        if keys:
            more = [f"... and {len(keys) - LISTED} more"] if len(keys) > LISTED else []
            lines.append(f"  {kind} ({len(keys)}):")
            lines += ["    " + key for key in keys[:LISTED] + more]
    return "\n".join(lines)
