"""summary: the layers of a model with their output shapes and sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tilestack as ts
from tilestack._core import Tensor
from tilestack.nn import Conv2d, Linear, Module
from tilestack.train.batches import device_of
from tilestack.train.evaluate import in_evaluation


@dataclass
class Layer:
    """One call of a module in a forward pass. output: shape, or None if it returns no tensor."""

    name: str
    kind: str
    depth: int
    output: tuple[int, ...] | None
    parameters: int
    multiply_adds: int


@dataclass
class Summary:
    """layers: in the order in which forward enters them. Parameters count once, also where modules share them."""

    layers: list[Layer]
    parameters: int
    trainable: int
    parameter_bytes: int

    @property
    def multiply_adds(self) -> int:
        return sum(layer.multiply_adds for layer in self.layers)

    def __str__(self) -> str:
        table = [("layer", "output shape", "parameters", "multiply-adds")]
        for layer in self.layers:
            title = "  " * layer.depth + (f"{layer.name} ({layer.kind})" if layer.name else layer.kind)
            output = "" if layer.output is None else str(layer.output)
            table.append(
                (
                    title,
                    output,
                    f"{layer.parameters:,}" if layer.parameters else "",
                    f"{layer.multiply_adds:,}" if layer.multiply_adds else "",
                )
            )
        widths = [max(len(row[i]) for row in table) for i in range(4)]
        lines = [
            f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}".rstrip() for a, b, c, d in table
        ]
        lines.insert(1, "-" * (sum(widths) + 6))
        frozen = self.parameters - self.trainable
        total = f"{self.parameters:,} parameters ({frozen:,} frozen), {self.parameter_bytes / 1e6:,.2f} MB"
        return "\n".join([*lines, lines[1], f"{total}; {self.multiply_adds:,} multiply-adds"])

    __repr__ = __str__


def summary(model: Module, input_shape: Sequence[int], dtype: Any = None, device: Any = None) -> Summary:
    """Run the model once on zeros and describe its layers. Print the result.

    input_shape: of the whole input, batch included: (1, 3, 224, 224). dtype: float32 unless given (an Embedding first
    needs ts.int64). Nothing in the model changes; errors name the layer.
    """
    x = ts.zeros(tuple(input_shape), dtype=dtype, device=device or device_of(model))
    layers: list[Layer] = []
    handles = []

    def watch(module: Module, name: str, depth: int) -> None:
        entered: list[Layer] = []

        def enter(*_: Any) -> None:
            own = sum(parameter.numel() for parameter in module.parameters(recurse=False))
            entered.append(Layer(name, type(module).__name__, depth, None, own, 0))
            layers.append(entered[-1])

        def leave(_module: Module, _args: Any, output: Any) -> None:
            layer = entered.pop()
            if isinstance(output, Tensor):
                layer.output = tuple(output.shape)
                layer.multiply_adds = _multiply_adds(module, output)

        handles.extend([module.register_forward_pre_hook(enter), module.register_forward_hook(leave)])

    for path, module in model.named_modules():
        watch(module, path.rpartition(".")[2], path.count(".") + 1 if path else 0)
    try:
        with in_evaluation(model), ts.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
    parameters = list(model.parameters())
    return Summary(
        layers,
        sum(parameter.numel() for parameter in parameters),
        sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        sum(parameter.nbytes for parameter in parameters),
    )


def _multiply_adds(module: Module, output: Tensor) -> int:
    if isinstance(module, Linear):
        return output.numel() * module.in_features
    if isinstance(module, Conv2d):
        return output.numel() * module.weight.numel() // module.out_channels
    return 0
