"""The weights of layers beside what they should be at the start."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tilestack._core import Tensor
from tilestack.nn import Conv1d, Conv2d, Conv3d, Linear, Module
from tilestack.nn.init import _calculate_fan_in_and_fan_out

from .distribution import sums
from .observer import Layer
from .watching import on_host

SQUASHING = {"sigmoid", "tanh", "softsign", "hardsigmoid", "hardtanh"}


@dataclass
class Weight:
    """A parameter of two or more dimensions.

    layer: the place of its layer in the diagnosis. norm, gradient: of it and of its gradient, None if none came. scheme:
    the initialisation that suits what follows the layer, "He" (rectifiers) or "Xavier" (others), and wanted: the standard
    deviation that it gives; "" and None for embeddings and layers of other kinds. normalised: the output goes through a
    norm, so that its scale does not matter. ratio: how far a step would move it, or else its gradient, over its norm.
    """

    name: str
    layer: int
    shape: tuple[int, ...]
    std: float
    norm: float
    gradient: float | None
    ratio: float | None
    scheme: str = ""
    wanted: float | None = None
    normalised: bool = False

    @property
    def scale(self) -> float | None:
        """std as a multiple of what is wanted."""
        return self.std / self.wanted if self.wanted else None


def weight_of(
    name: str, parameter: Tensor, at: int, layers: list[Layer], gradient: float | None, move: float | None
) -> Weight:
    """move: the norm of the next step, if it is known."""
    _, std, size = sums(on_host(parameter))
    step = gradient if move is None else move
    ratio = step / size if step is not None and size else None
    weight = Weight(name, at, tuple(parameter.shape), std, size, gradient, ratio)
    matrix = _out_in(layers[at].module, parameter)
    if matrix is None:
        return weight
    fan_in, fan_out = (max(1, fan) for fan in _calculate_fan_in_and_fan_out(matrix))
    function, weight.normalised = _what_follows(at, layers)
    weight.scheme = "He" if function and function not in SQUASHING else "Xavier"
    weight.wanted = math.sqrt(2 / fan_in if weight.scheme == "He" else 2 / (fan_in + fan_out))
    return weight


def _out_in(module: Module | None, parameter: Tensor) -> Tensor | None:
    """The weight with its outputs first, where fans mean something."""
    if isinstance(module, (Linear, Conv1d, Conv2d, Conv3d)):
        return parameter if parameter is module.weight else None
    read = getattr(module, "_weight_out_in", None)
    return None if read is None else read()


def _what_follows(at: int, layers: list[Layer]) -> tuple[str, bool]:
    """The activation between this layer and the next that has weights, and whether there is a norm."""
    if layers[at].function:
        return layers[at].function, False
    normalised = False
    for layer in layers[at + 1 :]:
        if layer.function:
            return layer.function, normalised
        normalised |= "Norm" in layer.kind
        if has_weights(layer):
            break
    return "", normalised


def has_weights(layer: Layer) -> bool:
    """True for layers that mix their inputs: no norms, no embeddings."""
    module = layer.module
    return (
        module is not None
        and "Embedding" not in layer.kind
        and any(parameter.dim() > 1 for parameter in module.parameters(recurse=False))
    )
