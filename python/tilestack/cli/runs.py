"""What the commands that train have in common."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tilestack as ts
from tilestack.train import Callback, Run, load_checkpoint
from tilestack.train.fit import CHECKPOINT

from . import CommandError


class RunLog(Callback):
    """Notes the loss of every step, and in checkpoints the settings, a dataclass, that a resumed run must have too."""

    def __init__(self, settings: Any) -> None:
        self.settings = asdict(settings)
        self.losses: list[float] = []
        self._before = (0.0, 0)

    def on_epoch_start(self, run: Run) -> None:
        self._before = (run.meter.sums.get("loss", 0.0), run.meter.samples)

    def on_step(self, run: Run) -> None:
        total, samples = run.meter.sums["loss"], run.meter.samples
        self.losses.append((total - self._before[0]) / max(samples - self._before[1], 1))
        self._before = (total, samples)

    def state_dict(self) -> dict[str, Any]:
        return {"settings": self.settings, "losses": self.losses}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.losses = list(state["losses"])


def use_machine(args: argparse.Namespace) -> None:
    """--device and --threads."""
    if args.device == "cuda" and not ts.cuda.is_available():
        raise CommandError(f"--device cuda: {ts.cuda.why_not()}")
    if args.threads:
        ts.set_num_threads(args.threads)


def check_writable(folder: Path) -> None:
    """Make the folder, and find out before the work whether results can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CommandError(f"--out {folder}: cannot write there: {error.strerror}") from None


def prepare(folder: Path, settings: Any, resume: bool) -> None:
    """Find out before the training whether the results can be written, and whether another run is in the way."""
    check_writable(folder)
    checkpoint = folder / CHECKPOINT
    if resume and not checkpoint.exists():
        raise CommandError(f"--resume: there is no unfinished run in {folder}")
    if resume:
        _require_same(settings, checkpoint)
    elif checkpoint.exists():
        raise CommandError(
            f"{folder} holds an unfinished run: --resume goes on with it, --out DIR writes elsewhere, and without "
            f"{checkpoint} this command starts anew"
        )


def _require_same(settings: Any, checkpoint: Path) -> None:
    callbacks = dict(load_checkpoint(checkpoint).get("callbacks", ()))
    saved = callbacks.get(RunLog.__name__, {}).get("settings", {})
    if saved.keys() != asdict(settings).keys():
        raise CommandError(f"--resume: {checkpoint} is not of this command")
    for name, value in saved.items():
        if getattr(settings, name) != value:
            raise CommandError(f"--resume: that run has {name} {value}, not {getattr(settings, name)}")


def write_results(folder: Path, rows: list[dict[str, Any]], report: str) -> None:
    """log.csv and report.html; the checkpoint is no longer needed."""
    from tilestack.io import atomic_write_text

    atomic_write_text(folder / "log.csv", csv_of(rows))
    atomic_write_text(folder / "report.html", report)
    (folder / CHECKPOINT).unlink(missing_ok=True)


def print_results(model_file: Path) -> None:
    folder = model_file.parent
    for name, path in (("model", model_file), ("log", folder / "log.csv"), ("report", folder / "report.html")):
        print(f"  {name + ':':<8}{path}")


def csv_of(rows: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(names), *(",".join(str(row.get(name, "")) for name in names) for row in rows)]
    return "\n".join(lines) + "\n"
