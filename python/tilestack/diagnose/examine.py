"""diagnose: one forward and backward pass, looked at layer by layer, that leaves everything as it was."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import tilestack as ts
from tilestack import _core, nn
from tilestack._core import Tensor
from tilestack.data.collate import map_tensors
from tilestack.nn import functional as F
from tilestack.train.batches import device_of, move

from .diagnosis import Diagnosis
from .distribution import norm
from .observer import Layer, Observer
from .verdict import verdict
from .watching import on_host
from .weights import Weight, weight_of

Loss = Callable[..., Tensor]


def diagnose(
    model: nn.Module,
    batch: Any,
    loss: Loss | None = None,
    *,
    optimizer: ts.optim.Optimizer | None = None,
    lr: float | None = None,
) -> Diagnosis:
    """Say whether a model can learn, and if not, why not: print the result, or `.save("report.html")` it.

    >>> print(ts.diagnose(model, (images, labels), optimizer=optimizer))

    One forward and backward pass, in the modes in which the modules are, gives for each layer the distributions of its
    output and of the loss's gradient for it, dead rectifiers and saturated sigmoids, its weights beside what Xavier's or
    He's initialisation would make them, and how far a step would move them; and a verdict in words.

    batch: (input, ..., target), tensors or arrays, with at least some dozens of samples, or dead units can't be told from
    idle ones. loss: loss(output, target), a scalar; None: cross-entropy for whole-numbered targets (classes in the second
    or the last dimension), the mean squared error for others. optimizer: its next step is computed on copies; lr: that of
    plain gradient descent; neither: gradient-to-weight ratios are given in place of update-to-weight ratios.
    Nothing of model, loss and optimizer changes, also if this raises: neither parameters, gradients and running statistics
    nor modes, hooks and the state of the random numbers.
    Raises TypeError for a batch of another form, ValueError if no parameter asks for a gradient.
    """
    if optimizer is not None and lr is not None:
        raise ValueError("diagnose: give optimizer or lr, not both")
    inputs, target = _split(batch, device_of(model))
    if not any(p.requires_grad for p in model.parameters()):
        raise ValueError("diagnose: no parameter of the model asks for a gradient (requires_grad)")
    observer = Observer(model)
    owners = [owner for owner in (model, loss) if isinstance(owner, nn.Module)]
    with _unchanged(owners), ts.enable_grad():
        observer.start()
        try:
            output = model(*inputs)
            function = loss or _choose_loss(output, target)
            value = function(output, target)
            if not isinstance(value, Tensor) or value.numel() != 1:
                raise TypeError(f"diagnose: the loss must be a tensor of one element, got {_kind(value)}")
            value.backward()
        finally:
            observer.stop()
        result = Diagnosis(
            layers=observer.layers,
            weights=_weights(model, observer.layers, optimizer, lr),
            unused=[name for name, p in model.named_parameters() if p.requires_grad and p.grad is None],
            loss=float(value.item()),
            chance=_chance(function, output),
            samples=_samples(target),
            residual=observer.residual,
            updates=optimizer is not None or lr is not None,
            training=model.training,
        )
    result.findings = verdict(result)
    return result


def _split(batch: Any, device: Any) -> tuple[tuple[Any, ...], Any]:
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:
        raise TypeError(f"diagnose: batch must be (input, ..., target), got {_kind(batch)}")
    fields = [ts.from_numpy(np.ascontiguousarray(x)) if isinstance(x, np.ndarray) else x for x in batch]
    *inputs, target = map_tensors(Tensor.detach, move(fields, device))
    return tuple(inputs), target


def _kind(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, (tuple, list)) else type(value).__name__


def _samples(target: Any) -> int:
    return int(target.shape[0]) if isinstance(target, Tensor) and target.dim() else 1


def classes_last(output: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of (batch, ..., classes) with (batch, ...) class numbers."""
    return F.cross_entropy(output.flatten(0, -2), target.flatten())


def _choose_loss(output: Any, target: Any) -> Loss:
    if not isinstance(output, Tensor) or not isinstance(target, Tensor):
        raise TypeError(
            f"diagnose: pass loss=, a function of output and target, for a model that returns {_kind(output)} and a target "
            f"that is {_kind(target)}"
        )
    if target.dtype.is_floating_point:
        return F.mse_loss
    same = output.dim() == target.dim() + 1 > 2 and tuple(output.shape[:-1]) == tuple(target.shape)
    return classes_last if same else F.cross_entropy


def _chance(function: Loss, output: Any) -> float | None:
    """The cross-entropy of equal chances for all classes."""
    if function not in (F.cross_entropy, classes_last) or not isinstance(output, Tensor):
        return None
    return float(np.log(output.shape[-1 if function is classes_last or output.dim() == 1 else 1]))


@contextlib.contextmanager
def _unchanged(owners: list[nn.Module]) -> Iterator[None]:
    """Inside, the modules' parameters have no gradients; afterwards these, buffers and random numbers are as before."""
    parameters = [(p, p.grad) for owner in owners for p in owner.parameters()]
    buffers = [
        (module, name, buffer, buffer.clone())
        for owner in owners
        for module in owner.modules()
        for name, buffer in module._own_buffers()
    ]
    state = _core.get_rng_state()
    for parameter, _ in parameters:
        parameter.grad = None
    try:
        yield
    finally:
        _core.set_rng_state(state)
        for parameter, gradient in parameters:
            parameter.grad = gradient
        with ts.no_grad():
            for module, name, buffer, before in buffers:
                setattr(module, name, buffer)
                if (buffer != before).any().item():
                    buffer.copy_(before)


def _weights(
    model: nn.Module, layers: list[Layer], optimizer: ts.optim.Optimizer | None, lr: float | None
) -> list[Weight]:
    """Of the parameters of layers that were called, those with two or more dimensions, in that order."""
    moves = {} if optimizer is None else _moves(optimizer)
    names = {id(p): name for name, p in model.named_parameters() if p.dim() > 1}
    found: list[Weight] = []
    for at, layer in enumerate(layers):
        for parameter in layer.module.parameters(recurse=False) if layer.module is not None else ():
            if name := names.pop(id(parameter), ""):
                gradient = None if parameter.grad is None else norm(on_host(parameter.grad))
                move = moves.get(id(parameter)) if lr is None or gradient is None else lr * gradient
                found.append(weight_of(name, parameter, at, layers, gradient, move))
    return found


def _moves(optimizer: ts.optim.Optimizer) -> dict[int, float]:
    """The norm of the next step for each parameter, by its id: a step is made with copies of all that it would change."""
    copies = {param: param.detach().clone() for group in optimizer.param_groups for param in group["params"]}
    for param, twin in copies.items():
        twin.grad = param.grad
    shadow = copy.copy(optimizer)
    shadow.param_groups = [
        {**group, "params": [copies[param] for param in group["params"]]} for group in optimizer.param_groups
    ]
    shadow.state = {
        copies[param]: {key: x.clone() if isinstance(x, Tensor) else x for key, x in state.items()}
        for param, state in optimizer.state.items()
        if param in copies
    }
    shadow.step()
    return {id(param): norm(on_host(twin) - on_host(param)) for param, twin in copies.items()}
