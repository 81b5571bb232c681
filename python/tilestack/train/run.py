"""Run: one training run, step by step."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

import tilestack as ts
from tilestack import _core
from tilestack._core import Tensor
from tilestack.amp import GradScaler
from tilestack.data import DataLoader
from tilestack.nn import Module
from tilestack.nn.utils import clip_grad_norm_
from tilestack.optim import Optimizer
from tilestack.optim.lr_scheduler import LRScheduler
from tilestack.optim.swa_utils import AveragedModel
from tilestack.train.batches import device_of, move, size_of, split_batch
from tilestack.train.callbacks import Callback
from tilestack.train.checkpoint import load_checkpoint, save_checkpoint
from tilestack.train.evaluate import evaluate
from tilestack.train.history import History
from tilestack.train.interrupt import Interrupt
from tilestack.train.metrics import Meter, Metric
from tilestack.train.progress import Progress


class Run:
    """One call of fit, as callbacks see it. epoch: complete ones; step: updates so far."""

    def __init__(
        self,
        *,
        model: Module,
        loader: Iterable[Any],
        loss: Callable[..., Tensor],
        optimizer: Optimizer,
        epochs: int,
        validation: Iterable[Any] | None,
        metrics: dict[str, Metric],
        scheduler: LRScheduler | None,
        every_step: bool,
        clip: float | None,
        accumulate: int,
        precision: ts.autocast,
        scaler: GradScaler | None,
        ema: AveragedModel | None,
        callbacks: list[Callback],
        checkpoint: Path | None,
        checkpoint_every: int | None,
        progress: Progress,
    ) -> None:
        self.model, self.loader, self.loss, self.optimizer = model, loader, loss, optimizer
        self.epochs, self.validation, self.metrics = epochs, validation, metrics
        self.scheduler, self.every_step, self.clip = scheduler, every_step, clip
        self.accumulate, self.precision, self.scaler, self.ema = accumulate, precision, scaler, ema
        self.callbacks, self.checkpoint, self.checkpoint_every = callbacks, checkpoint, checkpoint_every
        self.progress = progress
        self.history = History()
        self.epoch = self.step = 0
        self.accumulated = 0  # batches since the last update
        self.meter = Meter()  # of the epoch in hand
        self.trained = False  # its batches are done, its validation is not
        self.seconds = 0.0
        self.device = device_of(model)

    @property
    def validated(self) -> Module:
        """What validation measures: the model, or its average."""
        return self.model if self.ema is None else self.ema.module

    def stop(self, reason: str) -> None:
        """End after this step, or after this epoch when called in on_epoch_end."""
        self.history.stopped = reason

    def go(self, interrupt: Interrupt) -> None:
        for callback in self.callbacks:
            callback.on_fit_start(self)
        while self.epoch < self.epochs and not self.history.stopped and not interrupt.requested:
            if not self._run_epoch(interrupt):
                break
        if interrupt.requested and self.epoch < self.epochs:
            self._save_interrupted()
        elif self.trained or self.meter.batches:  # a callback stopped it within an epoch
            self._save()
        for callback in self.callbacks:
            callback.on_fit_end(self)

    def _run_epoch(self, interrupt: Interrupt) -> bool:
        """False if it was cut short."""
        samples = self.loader.samples if isinstance(self.loader, DataLoader) else None
        self.progress.start_epoch(self.epoch, samples, self.meter.samples)
        for callback in self.callbacks:
            callback.on_epoch_start(self)
        row = None
        try:
            if not self.trained:
                self._train(interrupt)
            if self.trained:
                row = self._finish(interrupt)
        finally:
            self.progress.end_epoch(row)
        return row is not None

    def _train(self, interrupt: Interrupt) -> None:
        started, before = time.perf_counter(), self.seconds
        self.model.train()
        for batch in self.loader:
            self._train_batch(batch)
            if isinstance(self.loader, DataLoader):
                self.trained = self.loader.position == len(self.loader)
            if self.accumulated < self.accumulate and not self.trained:
                continue
            updated = self._update()
            self.seconds = before + time.perf_counter() - started
            if updated and self.checkpoint_every and self.step % self.checkpoint_every == 0:
                self._save()
            if interrupt.requested or self.history.stopped:
                return
        if self.meter.batches == 0:
            raise ValueError("fit: train_data gave no batches")
        if self.accumulated:
            self._update()
        self.trained = True

    def _train_batch(self, batch: Any) -> None:
        """Adds the batch's gradients."""
        inputs, target = split_batch(batch)
        for i, x in enumerate((*inputs, target)):  # where the data comes from, so that the host need not wait for a GPU
            self._check_finite("target" if i == len(inputs) else "input", x)
        inputs, target = split_batch(move(batch, self.device))
        if self.accumulated == 0:
            self.optimizer.zero_grad()
        with self.precision:
            output = self.model(*inputs)
            loss = self.loss(output, target)
        # A GPU gets it before the host waits for the loss.
        (loss if self.scaler is None else self.scaler.scale(loss)).backward()
        value = loss.item()
        if not math.isfinite(value):
            raise FloatingPointError(
                f"fit: the loss is {value} at {self._where()}, although the data is finite; a smaller learning rate, "
                "clip=1.0 or a normalisation of the input may help"
            )
        self.accumulated += 1
        size, output = size_of(target), output.detach() if isinstance(output, Tensor) else output
        with ts.no_grad():
            scores = {name: float(metric(output, target)) for name, metric in self.metrics.items()}
        self.meter.add(size, {"loss": value, **scores})
        self.progress.step(size, self.meter.means())

    def _update(self) -> bool:
        """Steps by the mean of the gradients that were added; False if the scaler left it out."""
        params = [param for group in self.optimizer.param_groups for param in group["params"]]
        if self.scaler is not None:
            self.scaler.unscale_(self.optimizer)
        overflowed = self.scaler is not None and self.scaler.found_inf(self.optimizer)
        if self.accumulated > 1:
            _core.scale([param.grad for param in params if param.grad is not None], 1 / self.accumulated)
        self.accumulated = 0
        if self.clip is not None and not overflowed:
            clip_grad_norm_(params, self.clip, error_if_nonfinite=True)
        for callback in self.callbacks:
            callback.on_gradients(self)
        if self.scaler is None:
            self.optimizer.step()
        else:
            self.scaler.step(self.optimizer)
            self.scaler.update()
        if overflowed:
            return False
        if self.ema is not None:
            self.ema.update_parameters(self.model)
        if self.scheduler is not None and self.every_step:
            self.scheduler.step()
        self.step += 1
        for callback in self.callbacks:
            callback.on_step(self)
        return True

    def _where(self) -> str:
        return f"epoch {self.epoch + 1}, batch {self.meter.batches + 1}"

    def _check_finite(self, name: str, x: Any) -> None:
        """One sum shows NaN and infinity; only then, or if it overflowed, the elements are looked at."""
        if not isinstance(x, Tensor) or not x.dtype.is_floating_point or math.isfinite(x.detach().sum().item()):
            return
        bad = np.argwhere(~np.isfinite(x.detach().cpu().double().numpy()))
        if len(bad):
            place = tuple(int(i) for i in bad[0])
            raise FloatingPointError(
                f"fit: the {name} of {self._where()} holds NaN or infinity: {len(bad)} of {x.numel()} values, the "
                f"first at {place}; nothing was changed by this batch"
            )

    def _finish(self, interrupt: Interrupt) -> dict[str, Any] | None:
        """Validate and log the epoch; None if Ctrl-C came before that was done."""
        row = {
            "epoch": self.epoch + 1,
            "step": self.step,
            "lr": self.optimizer.param_groups[0]["lr"],
            **self.meter.means(),
        }
        if self.validation is not None:
            with self.precision:
                scores = evaluate(
                    self.validated,
                    self.validation,
                    loss=self.loss,
                    metrics=self.metrics,
                    cancel=lambda: interrupt.requested,
                )
            if not scores:
                return None
            row.update({f"val_{name}": value for name, value in scores.items()})
        row["seconds"] = round(self.seconds, 3)
        row["samples_per_second"] = round(self.meter.samples / max(self.seconds, 1e-9))
        if self.scheduler is not None and not self.every_step:
            self.scheduler.step()
        self.epoch += 1
        self.meter, self.trained, self.seconds = Meter(), False, 0.0
        for callback in self.callbacks:
            callback.on_epoch_end(self, row)
        self.history.rows.append(row)
        self._save()
        return row

    def _save_interrupted(self) -> None:
        self.history.interrupted = True
        where = f"fit: stopped by Ctrl-C after step {self.step} (epoch {self.epoch + 1} of {self.epochs})"
        self._save()
        self.history.stopped = "Ctrl-C"
        kept = "no checkpoint folder was given; the model holds the weights so far"
        if self.checkpoint is not None:
            kept = f"saved {self.checkpoint}; go on with resume=True"
        print(f"{where}; {kept}", file=sys.stderr, flush=True)

    def _save(self) -> None:
        if self.checkpoint is not None:
            save_checkpoint(self.checkpoint, self.state_dict())

    def state_dict(self) -> dict[str, Any]:
        """All that the run needs to go on."""
        loader, scheduler = self.loader, self.scheduler
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "ema": None if self.ema is None else self.ema.state_dict(),
            "scaler": None if self.scaler is None else self.scaler.state_dict(),
            "scheduler": None if scheduler is None else scheduler.state_dict(),
            "loader": loader.state_dict() if isinstance(loader, DataLoader) else None,
            "random": ts.get_rng_state(),
            "callbacks": [[type(callback).__name__, callback.state_dict()] for callback in self.callbacks],
            "epoch": self.epoch,
            "step": self.step,
            "trained": self.trained,
            "seconds": self.seconds,
            "meter": self.meter.state_dict(),
            "history": self.history.rows,
            "stopped": self.history.stopped,
        }

    def load(self) -> None:
        """Go on from the checkpoint. Raises ValueError, with model and optimizer as they were, if it does not fit."""
        assert self.checkpoint is not None
        state = load_checkpoint(self.checkpoint)
        names = [type(callback).__name__ for callback in self.callbacks]
        if [name for name, _ in state["callbacks"]] != names:
            saved = ", ".join(name for name, _ in state["callbacks"]) or "none"
            raise ValueError(
                f"fit: {self.checkpoint} was written with callbacks {saved}; now {', '.join(names) or 'none'}"
            )
        for name in ("scheduler", "ema", "scaler"):
            if (state.get(name) is None) != (getattr(self, name) is None):
                raise ValueError(
                    f"fit: {self.checkpoint} was written with{'out' if state.get(name) is None else ''} {name}"
                )
        before = self.optimizer.state_dict()
        self.optimizer.load_state_dict(state["optimizer"])
        try:
            self.model.load_state_dict(state["model"])
            if self.ema is not None:
                self.ema.load_state_dict(state["ema"])
        except ValueError:
            self.optimizer.load_state_dict(before)
            raise
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state["scheduler"])
        if self.scaler is not None:
            self.scaler.load_state_dict(state["scaler"])
        if isinstance(self.loader, DataLoader) and state["loader"] is not None:
            self.loader.load_state_dict(state["loader"])
        for callback, (_, saved) in zip(self.callbacks, state["callbacks"], strict=True):
            callback.load_state_dict(saved)
        self.meter.load_state_dict(state["meter"])
        self.epoch, self.step, self.trained = state["epoch"], state["step"], state["trained"]
        self.seconds, self.history.rows, self.history.stopped = state["seconds"], state["history"], state["stopped"]
        ts.set_rng_state(state["random"])
