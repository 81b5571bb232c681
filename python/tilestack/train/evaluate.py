"""evaluate: loss and metrics of a model on data."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import tilestack as ts
from tilestack.nn import Module
from tilestack.nn.functional import cross_entropy
from tilestack.train.batches import as_loader, device_of, move, size_of, split_batch
from tilestack.train.metrics import Meter, Metric, named_metrics


def evaluate(
    model: Module,
    data: Any,
    *,
    loss: Callable[..., Any] | None = cross_entropy,
    metrics: Mapping[str, Metric] | Iterable[str | Metric] = (),
    batch_size: int = 256,
    cancel: Callable[[], bool] | None = None,
) -> dict[str, float]:
    """Means over all samples: {"loss": ..., and one for each metric}. The model's modes are as before afterwards.

    data: as in fit, in order. loss: None leaves it out. cancel: asked before each batch whether to stop, giving {}.
    """
    functions = {**({} if loss is None else {"loss": loss}), **named_metrics(metrics)}
    device, meter = device_of(model), Meter()
    with in_evaluation(model), ts.no_grad():
        for batch in as_loader(data, batch_size, shuffle=False):
            if cancel is not None and cancel():
                return {}
            inputs, target = split_batch(move(batch, device))
            output = model(*inputs)
            meter.add(size_of(target), {name: float(f(output, target)) for name, f in functions.items()})
    if meter.samples == 0:
        raise ValueError("evaluate: the data has no samples")
    return meter.means()


@contextlib.contextmanager
def in_evaluation(model: Module) -> Iterator[None]:
    """eval() inside; each module's own mode again afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
