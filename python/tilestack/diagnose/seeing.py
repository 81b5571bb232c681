"""What the layers of a net make of an input, and which inputs excite their units most."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

import tilestack as ts
from tilestack._core import Tensor
from tilestack.nn import Conv2d, Linear, Module
from tilestack.train.evaluate import in_evaluation

T = TypeVar("T")
Box = tuple[int, int, int, int]  # top, left, height, width in pixels


class LayerOutput(NamedTuple):
    """kind: of the module that does the work. output: (batch, channels, height, width), or (batch, units)."""

    name: str
    kind: str
    output: Tensor


class Excited(NamedTuple):
    """A unit (channel) and what excites it most. images: their numbers, by falling activation; boxes: what it sees of each."""

    layer: str
    unit: int
    images: list[int]
    activations: list[float]
    boxes: list[Box]


def layer_outputs(model: Module, x: Tensor) -> list[LayerOutput]:
    """The output of each convolution and linear layer, in the order in which forward runs them, after the norm and the
    activation that follow it as modules. The net is in eval mode meanwhile; gradients are recorded where they are asked for.
    """
    layers: list[LayerOutput] = []

    def see(name: str) -> Callable[..., None]:
        def hook(module: Module, _args: Any, output: Any) -> None:
            if isinstance(module, (Conv2d, Linear)):
                layers.append(LayerOutput(name, type(module).__name__, output))
            elif layers and isinstance(output, Tensor) and output.shape == layers[-1].output.shape:
                layers[-1] = layers[-1]._replace(output=output)

        return hook

    with contextlib.ExitStack() as stack:
        stack.enter_context(in_evaluation(model))
        for name, module in model.named_modules():
            if not list(module.children()):
                stack.enter_context(module.register_forward_hook(see(name)))
        model(x)
    return layers


def spread(items: Sequence[T], most: int) -> list[T]:
    """At most so many of the items, from the first to the last."""
    places = np.linspace(0, len(items) - 1, min(most, len(items))).round().astype(int)
    return [items[i] for i in places]


def most_exciting(
    model: Module,
    pictures: np.ndarray,
    to_input: Callable[[np.ndarray], Tensor],
    names: Sequence[str],
    units: int = 6,
    count: int = 6,
    batch_size: int = 16,
) -> list[Excited]:
    """Of each of the layers `names` (as of layer_outputs) some units, with the pictures that excite them most.

    A unit's activation is that of the place in the picture where it is largest. The units are those that `count` pictures
    excite far more than the others. The box is the part of the picture on which the activation depends, by its gradient.
    pictures: (n, height, width, ...); to_input makes a batch of the net's input of some of them.
    """
    peaks, places = _peaks(model, pictures, to_input, names, batch_size)
    found = []
    for name in names:
        for unit in _selective(peaks[name], units, count):
            best = np.argsort(-peaks[name][:, unit], kind="stable")[:count]
            found.append(Excited(name, int(unit), best.tolist(), peaks[name][best, unit].tolist(), []))
    seen = [(one, image) for one in found for image in one.images]
    for start in range(0, len(seen), batch_size):
        part = seen[start : start + batch_size]
        at = [(one.layer, one.unit, int(places[one.layer][image, one.unit])) for one, image in part]
        boxes = _boxes(model, to_input(pictures[[image for _, image in part]]), at)
        for (one, _), box in zip(part, boxes, strict=True):
            one.boxes.append(box)
    return found


def _peaks(
    model: Module,
    pictures: np.ndarray,
    to_input: Callable[[np.ndarray], Tensor],
    names: Sequence[str],
    batch_size: int,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """For each layer the largest activation of each unit on each picture, (n, units), and its place, an index into the
    flattened height and width."""
    peaks: dict[str, list[np.ndarray]] = {name: [] for name in names}
    places: dict[str, list[np.ndarray]] = {name: [] for name in names}
    with ts.no_grad():
        for start in range(0, len(pictures), batch_size):
            for layer in layer_outputs(model, to_input(pictures[start : start + batch_size])):
                if layer.name in peaks:
                    output = layer.output.float().to("cpu")
                    values, indices = (output.flatten(2) if output.dim() > 2 else output[..., None]).max(-1)
                    peaks[layer.name].append(values.numpy())
                    places[layer.name].append(indices.numpy())
    return ({n: np.concatenate(p) for n, p in peaks.items()}, {n: np.concatenate(p) for n, p in places.items()})


def _selective(peaks: np.ndarray, units: int, count: int) -> np.ndarray:
    """The numbers of units whose `count` largest peaks stand out most from all of them, in deviations."""
    largest = np.sort(peaks, 0)[-count:].mean(0)
    stands_out = (largest - peaks.mean(0)) / (peaks.std(0) + 1e-6 * (1 + np.abs(peaks).max()))
    return np.sort(np.argsort(-stands_out, kind="stable")[:units])


def _boxes(model: Module, x: Tensor, at: Sequence[tuple[str, int, int]]) -> list[Box]:
    """For each picture of the batch x what a unit of a layer at a place depends on: where its gradient is not 0."""
    x = x.detach().requires_grad_()
    with _fixed(model):
        outputs = {layer.name: layer.output for layer in layer_outputs(model, x)}
        excited = [outputs[name][row, unit].reshape(-1)[place] for row, (name, unit, place) in enumerate(at)]
        ts.stack(excited).sum().backward()
    assert x.grad is not None
    used = (x.grad.abs().sum(1) > 0).to("cpu").numpy()
    return [_box_of(mask) for mask in used]


@contextlib.contextmanager
def _fixed(model: Module) -> Iterator[None]:
    """No parameter takes part in gradients inside."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad_()


def _box_of(mask: np.ndarray) -> Box:
    """Of the true elements, or of all if there are none: a unit that is off depends on nothing."""
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return (0, 0, *mask.shape)
    return int(rows[0]), int(cols[0]), int(rows[-1] - rows[0] + 1), int(cols[-1] - cols[0] + 1)
