"""Parameters as one vector."""

from __future__ import annotations

from collections.abc import Iterable

import tilestack as ts
from tilestack._core import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All values one after the other, as a vector on the tape."""
    return ts.cat([parameter.reshape(-1) for parameter in parameters])


@ts.no_grad()
def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Copy the values of `vec` into the parameters, in order. Raises ValueError unless it has just as many."""
    parameters = list(parameters)
    wanted = sum(parameter.numel() for parameter in parameters)
    if vec.dim() != 1 or vec.numel() != wanted:
        raise ValueError(f"vector_to_parameters: vec must have shape ({wanted},), got {tuple(vec.shape)}")
    start = 0
    for parameter in parameters:
        parameter.copy_(vec[start : start + parameter.numel()].reshape(parameter.shape))
        start += parameter.numel()
