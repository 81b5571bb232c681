"""What happens in the layers of a model during one forward and backward pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tilestack._core import Tensor
from tilestack.nn import Module
from tilestack.nn.hooks import RemovableHandle

from .distribution import Distribution, distribution
from .watching import After, Watch, modules_in_progress, named_tensors, on_host, path_of

RECTIFIERS = ("relu", "relu6")
FLAT = 0.05  # a unit is saturated where the slope is below this part of its largest
ACTIVATIONS = {
    *("relu", "relu6", "sigmoid", "tanh", "gelu", "silu", "mish", "elu", "selu", "celu", "leaky_relu", "prelu"),
    *("hardtanh", "hardsigmoid", "hardswish", "softplus", "softsign", "logsigmoid"),
}
FUSED = {"fused_linear", "fused_conv2d"}
ADDITIONS = {"add", "__add__", "__radd__"}


@dataclass
class Layer:
    """One call of a layer: a module without children or with parameters of its own, or an activation called as a function.

    name: the module's path; a function's path with its name at the end. kind: the module's class, or the function.
    function: the activation that made the output, or "". gradient: of the loss, for the output; None if none came.
    dead: share of units (features or channels) whose rectifier let nothing through in the whole batch; saturated: share of
    values where sigmoid or tanh are flat, their slope below FLAT of its largest. None where that does not apply.
    """

    name: str
    kind: str
    activation: Distribution
    function: str = ""
    gradient: Distribution | None = None
    dead: float | None = None
    saturated: float | None = None
    module: Module | None = field(default=None, repr=False)

    @property
    def gradient_norm(self) -> float:
        """0 also where no gradient came."""
        return 0.0 if self.gradient is None else self.gradient.norm


class Observer(Watch):
    """Collects `layers`, in the order in which they end, between start() and stop()."""

    def __init__(self, model: Module) -> None:
        self.model = model
        self.layers: list[Layer] = []
        self.residual = False  # two tensors of a shape were added
        self.handles: list[RemovableHandle] = []
        self.last: tuple[Tensor | None, str] = (None, "")  # the last activation's result
        self.calls: Counter[str] = Counter()
        self.channels_first = False

    def start(self) -> None:
        for path, module in self.model.named_modules():
            if _is_layer(module) and not (module is self.model and list(module.children())):
                self.handles.append(module.register_forward_hook(self._hook(path)))
        self.on()

    def stop(self) -> None:
        self.off()
        for handle in self.handles:
            handle.remove()

    def op(self, name: str, arguments: dict[str, Any]) -> After | None:
        if name in ADDITIONS:
            shapes = [tuple(x.shape) for _, x in named_tensors(arguments) if x.requires_grad]
            self.residual |= len(shapes) == 2 and shapes[0] == shapes[1] and len(shapes[0]) > 1
            return None
        function = str(arguments.get("activation", "")) if name in FUSED else name.rstrip("_")
        self.residual |= name in FUSED and arguments.get("residual") is not None
        if function.removesuffix("_tanh") not in ACTIVATIONS:
            return None

        def after(result: Any) -> None:
            self.last = (result, function)
            running = modules_in_progress()
            if name not in FUSED and not (running and _is_layer(running[-1]) and not _owns(running[-1])):
                path = path_of(running)
                self._add(f"{path}.{function}" if path else function, function, result, None)

        return after

    def _hook(self, path: str) -> Callable[..., None]:
        def hook(module: Module, _args: Any, output: Any) -> None:
            tensors = named_tensors({"": output})
            if tensors:
                self._add(path or type(module).__name__, type(module).__name__, tensors[0][1], module)

        return hook

    def _add(self, name: str, kind: str, y: Tensor, module: Module | None) -> None:
        function = self.last[1] if self.last[0] is y else ""
        self.last = (None, "")
        if module is not None and _owns(module) and "Norm" not in kind:
            self.channels_first = "Conv" in kind
        self.calls[name] += 1
        again = f" (call {self.calls[name]})" if self.calls[name] > 1 else ""
        layer = Layer(name + again, kind, distribution(y), function, module=module)
        if function:
            self._judge(layer, on_host(y))
        self.layers.append(layer)
        if y.requires_grad and not y.is_leaf:
            y.register_hook(lambda gradient: setattr(layer, "gradient", distribution(gradient)))

    def _judge(self, layer: Layer, y: np.ndarray) -> None:
        if not y.size:
            return
        if layer.function in RECTIFIERS:
            units = 1 if y.ndim > 1 and (self.channels_first or y.ndim == 4) else y.ndim - 1
            layer.dead = (
                float((y == 0).all(tuple(i for i in range(y.ndim) if i != units)).mean()) if y.ndim > 1 else None
            )
        elif layer.function == "sigmoid":
            layer.saturated = float((4 * y * (1 - y) < FLAT).mean())
        elif layer.function == "tanh":
            layer.saturated = float((1 - y * y < FLAT).mean())


def _owns(module: Module) -> bool:
    return next(module.parameters(recurse=False), None) is not None


def _is_layer(module: Module) -> bool:
    return _owns(module) or next(module.children(), None) is None
