"""Averages of a model's weights over training: exponential ones and stochastic weight averaging."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tilestack as ts
from tilestack import _core
from tilestack._core import Tensor
from tilestack.nn import BatchNorm1d, BatchNorm2d, Module
from tilestack.optim.lr_scheduler import LRScheduler
from tilestack.optim.optimizer import Optimizer

AvgFn = Callable[[Tensor, Tensor, Tensor], Tensor]
MultiAvgFn = Callable[[list[Tensor], list[Tensor], Tensor], None]


def _check_decay(op: str, decay: float) -> None:
    if not 0 <= decay <= 1:
        raise ValueError(f"{op}: decay must be from 0 to 1, got {decay}")


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAvgFn:
    """For AveragedModel: average = decay average + (1 - decay) current, of lists of tensors in place."""
    _check_decay("get_ema_multi_avg_fn", decay)

    @ts.no_grad()
    def update(averages: list[Tensor], currents: list[Tensor], num_averaged: Tensor) -> None:
        floats: dict[str, tuple[list[Tensor], list[Tensor]]] = {}
        for average, current in zip(averages, currents, strict=True):
            if average.dtype.is_floating_point:
                for each, x in zip(floats.setdefault(str(average.device), ([], [])), (average, current), strict=True):
                    each.append(x)
            else:  # such as a count of batches
                average.copy_(average * decay + current * (1 - decay))
        for mine, theirs in floats.values():  # average += (1 - decay) (current - average), for all at once
            _core.sgd(mine, theirs, [], lr=1 - decay, weight_decay=1.0, maximize=True)

    return update


def get_swa_multi_avg_fn() -> MultiAvgFn:
    """For AveragedModel: the mean of all that were given, of lists of tensors in place."""

    @ts.no_grad()
    def update(averages: list[Tensor], currents: list[Tensor], num_averaged: Tensor) -> None:
        share = 1 / (num_averaged.item() + 1)
        for average, current in zip(averages, currents, strict=True):
            average.copy_(average + (current - average) * share)

    return update


def get_ema_avg_fn(decay: float = 0.999) -> AvgFn:
    """For AveragedModel: decay average + (1 - decay) current, of one tensor."""
    _check_decay("get_ema_avg_fn", decay)

    @ts.no_grad()
    def average(averaged: Tensor, current: Tensor, num_averaged: Tensor) -> Tensor:
        return decay * averaged + (1 - decay) * current

    return average


def get_swa_avg_fn() -> AvgFn:
    """For AveragedModel: the mean of all that were given, of one tensor."""

    @ts.no_grad()
    def average(averaged: Tensor, current: Tensor, num_averaged: Tensor) -> Tensor:
        return averaged + (current - averaged) / (num_averaged.item() + 1)

    return average


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's; called, it computes with them.

    The first update_parameters(model) copies, each later one calls multi_avg_fn(averages, currents, n_averaged), in
    place, or avg_fn(average, current, n_averaged), which returns the new average; without either the average is the mean
    (Izmailov et al., 2018). Buffers are those of the model, or with use_buffers averaged like parameters. device: where
    the copy is to be. Averages have the parameters' dtype: keep them in float32 (AveragedModel(model).float()) beside a
    model of 16 bits, or small steps are lost.
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: AvgFn | None = None,
        multi_avg_fn: MultiAvgFn | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("AveragedModel: takes avg_fn or multi_avg_fn, not both")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", ts.tensor(0, dtype=ts.int64))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn if avg_fn is not None or multi_avg_fn is not None else get_swa_multi_avg_fn()
        self.use_buffers = use_buffers
        for param in self.module.parameters():
            param.grad = None

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    @ts.no_grad()
    def update_parameters(self, model: Module) -> None:
        """Takes the model's present parameters into the averages. ValueError for a model of other shapes."""
        averages: list[Tensor] = list(self.module.parameters())
        currents: list[Tensor] = list(model.parameters())
        buffers, new = list(self.module.buffers()), list(model.buffers())
        shapes = [[tuple(x.shape) for x in each] for each in (averages + buffers, currents + new)]
        if shapes[0] != shapes[1]:
            raise ValueError("AveragedModel.update_parameters: wanted the model that this is an average of")
        if self.use_buffers:
            averages, currents = averages + buffers, currents + new
        mine = [x.detach() for x in averages]
        theirs = [y.detach().to(x.device).to(x.dtype) for x, y in zip(mine, currents, strict=True)]
        if self.n_averaged.item() == 0:
            for x, y in zip(mine, theirs, strict=True):
                x.copy_(y)
        elif self.multi_avg_fn is not None:
            self.multi_avg_fn(mine, theirs, self.n_averaged)
        elif self.avg_fn is not None:
            for x, y in zip(mine, theirs, strict=True):
                x.copy_(self.avg_fn(x, y, self.n_averaged))
        if not self.use_buffers:
            for x, y in zip(buffers, new, strict=True):
                x.copy_(y)
        self.n_averaged.add_(1)


class SWALR(LRScheduler):
    """Moves the rate within anneal_epochs from where other schedules leave it to swa_lr, and keeps it there.

    swa_lr: a rate, or one a group. anneal_strategy: "cos" or "linear".
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | Sequence[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f'SWALR: anneal_strategy must be "cos" or "linear", got {anneal_strategy!r}')
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"SWALR: anneal_epochs must be an integer of at least 0, got {anneal_epochs}")
        groups = optimizer.param_groups
        ends = list(swa_lr) if isinstance(swa_lr, Sequence) else [swa_lr] * len(groups)
        if len(ends) != len(groups):
            raise ValueError(f"SWALR: wanted {len(groups)} values of swa_lr, got {len(ends)}")
        for group, end in zip(groups, ends, strict=True):
            group["swa_lr"] = end
        self.anneal_epochs = anneal_epochs
        self.anneal_strategy = anneal_strategy
        super().__init__(optimizer, last_epoch)

    def _share(self, epoch: int) -> float:
        """That of swa_lr in the rate."""
        done = max(0.0, min(1.0, epoch / max(1, self.anneal_epochs)))
        return done if self.anneal_strategy == "linear" else (1 - math.cos(math.pi * done)) / 2

    def get_lr(self) -> list[float]:
        epoch = self.last_epoch if self.anneal_epochs else max(1, self.last_epoch)
        before, share = self._share(epoch - 1), self._share(epoch)
        rates = []
        for group in self.optimizer.param_groups:
            end = group["swa_lr"]
            start = end if before == 1 else (group["lr"] - before * end) / (1 - before)
            rates.append(end * share + start * (1 - share))
        return rates


@ts.no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Computes the running statistics of the model's batch norms anew, as means over one pass through the loader.

    Batches are inputs, or lists and tuples that begin with them. device: where the inputs go first.
    """
    norms = [module for module in model.modules() if isinstance(module, (BatchNorm1d, BatchNorm2d))]
    momenta = [norm.momentum for norm in norms]
    if not norms:
        return
    modes = [(module, module.training) for module in model.modules()]
    model.train()
    for norm in norms:
        norm.reset_running_stats()
    try:
        for seen, batch in enumerate(loader):
            inputs = batch[0] if isinstance(batch, (list, tuple)) else batch
            for norm in norms:  # the mean over batches
                norm.momentum = 1 / (seen + 1)
            model(inputs if device is None else inputs.to(device))
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for module, training in modes:
            module.training = training
