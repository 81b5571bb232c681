"""Callbacks: objects that fit calls as the run goes."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tilestack.train.fit import Run


class Callback:
    """Override what is needed. `run` has model, optimizer, epoch, step, history and stop(reason).

    state_dict and load_state_dict: what a checkpoint keeps of the callback.
    """

    def on_fit_start(self, run: Run) -> None: ...

    def on_epoch_start(self, run: Run) -> None: ...

    def on_gradients(self, run: Run) -> None:
        """After backward and clipping, before the optimizer's step."""

    def on_step(self, run: Run) -> None:
        """After the optimizer's step; run.step counts it."""

    def on_epoch_end(self, run: Run, row: dict[str, Any]) -> None:
        """row: the epoch's line of the history, to which more may be added."""

    def on_fit_end(self, run: Run) -> None: ...

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None: ...


class CSVLog(Callback):
    """Writes the history to a CSV file after every epoch, whole and atomically."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def on_epoch_end(self, run: Run, row: dict[str, Any]) -> None:
        import csv
        import io

        from tilestack.io import atomic_write

        rows = [*run.history.rows, row]
        text = io.StringIO()
        writer = csv.DictWriter(text, list(dict.fromkeys(name for each in rows for name in each)), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(self.path) as file:
            file.write(text.getvalue().encode())


class _Best(Callback):
    """Follows one column of the history; mode "auto": larger is better for accuracies, smaller for all else."""

    def __init__(self, monitor: str | None, mode: str, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f'{type(self).__name__}: mode must be "auto", "min" or "max", got {mode!r}')
        self.monitor = monitor
        self.mode = mode
        self.min_delta = min_delta
        self.best: float | None = None

    def improved(self, row: dict[str, Any]) -> bool:
        monitor = self.monitor or ("val_loss" if "val_loss" in row else "loss")
        if monitor not in row:
            raise ValueError(f"{type(self).__name__}: no {monitor!r} is logged; there are {', '.join(row)}")
        value = float(row[monitor])
        larger = self.mode == "max" or (self.mode == "auto" and monitor.endswith(("accuracy", "acc", "f1")))
        if math.isnan(value):
            return False
        if self.best is not None and (value - self.best if larger else self.best - value) <= self.min_delta:
            return False
        self.best = value
        return True


class EarlyStop(_Best):
    """Stops when `monitor` has not improved by more than min_delta for `patience` epochs.

    monitor: None means val_loss, or loss without validation. restore_best: ends with the best epoch's weights.
    """

    def __init__(
        self,
        monitor: str | None = None,
        patience: int = 3,
        min_delta: float = 0.0,
        mode: str = "auto",
        restore_best: bool = True,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        if patience < 1:
            raise ValueError(f"EarlyStop: patience must be at least 1, got {patience}")
        self.patience = patience
        self.restore_best = restore_best
        self.waited = 0
        self.weights: dict[str, Any] | None = None

    def on_epoch_end(self, run: Run, row: dict[str, Any]) -> None:
        if self.improved(row):
            self.waited = 0
            if self.restore_best:
                self.weights = {name: value.clone() for name, value in run.validated.state_dict().items()}
            return
        self.waited += 1
        if self.waited >= self.patience:
            run.stop(f"no improvement for {self.waited} epochs")

    def on_fit_end(self, run: Run) -> None:
        if self.weights is not None and not run.history.interrupted:
            run.validated.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "waited": self.waited, "weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.best, self.waited, self.weights = state["best"], state["waited"], state["weights"]


class Checkpoint(_Best):
    """Writes the model's weights to `path` (safetensors) after each epoch that improves `monitor`."""

    def __init__(self, path: str | os.PathLike[str], monitor: str | None = None, mode: str = "auto") -> None:
        super().__init__(monitor, mode)
        self.path = Path(path)

    def on_epoch_end(self, run: Run, row: dict[str, Any]) -> None:
        from tilestack.io import save_file

        if self.improved(row):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            save_file(run.validated.state_dict(), self.path)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.best = state["best"]


class GradientNorms(Callback):
    """Notes the 2-norm of each parameter's gradient every `every` steps: rows of {"step": ..., name: norm, ...}."""

    def __init__(self, every: int = 10) -> None:
        if every < 1:
            raise ValueError(f"GradientNorms: every must be at least 1, got {every}")
        self.every = every
        self.rows: list[dict[str, Any]] = []

    def on_gradients(self, run: Run) -> None:
        if run.step % self.every:
            return
        row: dict[str, Any] = {"step": run.step}
        for name, parameter in run.model.named_parameters():
            if parameter.grad is not None:
                row[name] = parameter.grad.norm().item()
        self.rows.append(row)

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.rows = list(state["rows"])
