"""fit: the training loop."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tilestack as ts
from tilestack._core import Tensor
from tilestack.amp import GradScaler
from tilestack.nn import CrossEntropyLoss, Module
from tilestack.nn.functional import cross_entropy
from tilestack.optim import Adam, Optimizer
from tilestack.optim.lr_scheduler import LRScheduler, OneCycleLR
from tilestack.optim.swa_utils import AveragedModel
from tilestack.train.batches import as_loader
from tilestack.train.callbacks import Callback, EarlyStop
from tilestack.train.history import History
from tilestack.train.interrupt import Interrupt
from tilestack.train.metrics import Metric, named_metrics
from tilestack.train.progress import Progress
from tilestack.train.run import Run

CHECKPOINT = "checkpoint.safetensors"


def fit(
    model: Module,
    train_data: Any,
    *,
    loss: Callable[..., Tensor] = cross_entropy,
    optimizer: Optimizer | None = None,
    epochs: int = 1,
    batch_size: int = 32,
    validation: Any = None,
    metrics: Mapping[str, Metric] | Iterable[str | Metric] | None = None,
    scheduler: LRScheduler | None = None,
    schedule: str | None = None,
    clip: float | None = None,
    accumulate: int = 1,
    autocast: Any = None,
    ema: AveragedModel | None = None,
    callbacks: Sequence[Callback] = (),
    early_stop: int | EarlyStop | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int | None = None,
    resume: bool = False,
    progress: bool | None = None,
    seed: int | None = None,
    num_workers: int = 0,
) -> History:
    """Train `model` in place; returns what was logged.

    train_data, validation: a DataLoader, a data set, a tuple of arrays or tensors (input, ..., target), or an iterable
        of such batches. What is not yet a loader is shuffled by `seed` and cut into batches of batch_size.
    loss: loss(output, target). optimizer: Adam with its defaults unless given.
    metrics: names ("accuracy") or functions of (output, target); accuracy by itself if the loss is cross entropy.
    scheduler: stepped after each epoch, or after each step with schedule="step" (the default for OneCycleLR).
    clip: largest norm of all gradients together.
    accumulate: batches whose gradients are averaged for one step of the optimizer; an epoch's last step may have fewer.
    autocast: the dtype of products, bfloat16 or float16, the latter with a tilestack.amp.GradScaler.
    ema: an average of the model, updated after each step; validation, and what callbacks keep as the best, is of it.
    early_stop: epochs without a better validation loss (training loss, if there is no validation), or an EarlyStop.
    checkpoint: a folder; checkpoint.safetensors in it is written after each epoch and every checkpoint_every steps.
        With resume=True the run goes on from there, if the file exists, and gives bit for bit what it would have given.
    progress: None shows a bar on a terminal and a line an epoch elsewhere; False nothing.

    Ctrl-C finishes the step, saves, says where, and returns with history.interrupted; a second one stops at once.
    Raises FloatingPointError when the loss is no finite number, before the step would spoil the weights.
    """
    if schedule not in (None, "epoch", "step"):
        raise ValueError(f'fit: schedule must be "epoch" or "step", got {schedule!r}')
    for name, value in (("epochs", epochs), ("checkpoint_every", checkpoint_every), ("accumulate", accumulate)):
        if value is not None and value < 1:
            raise ValueError(f"fit: {name} must be at least 1, got {value}")
    if (resume or checkpoint_every) and checkpoint is None:
        raise ValueError("fit: resume and checkpoint_every need checkpoint, the folder for the files")
    if metrics is None:
        metrics = ["accuracy"] if loss is cross_entropy or isinstance(loss, CrossEntropyLoss) else []
    stops = [EarlyStop(patience=early_stop)] if isinstance(early_stop, int) else [early_stop] if early_stop else []
    run = Run(
        model=model,
        loader=as_loader(train_data, batch_size, True, seed, num_workers),
        loss=loss,
        optimizer=optimizer or Adam(model.parameters()),
        epochs=epochs,
        validation=None if validation is None else as_loader(validation, max(batch_size, 256), False),
        metrics=named_metrics(metrics),
        scheduler=scheduler,
        every_step=schedule == "step" or (schedule is None and isinstance(scheduler, OneCycleLR)),
        clip=clip,
        accumulate=accumulate,
        precision=ts.autocast(dtype=autocast, enabled=autocast is not None),
        scaler=GradScaler() if autocast == ts.float16 else None,
        ema=ema,
        callbacks=[*callbacks, *stops],
        checkpoint=None if checkpoint is None else Path(checkpoint) / CHECKPOINT,
        checkpoint_every=checkpoint_every,
        progress=Progress(progress, epochs),
    )
    if run.checkpoint is not None:
        run.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        if resume and run.checkpoint.exists():
            run.load()
    with Interrupt() as interrupt:
        run.go(interrupt)
    return run.history
