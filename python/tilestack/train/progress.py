"""How far a run is: a tqdm bar an epoch on a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any

from tilestack.train.history import format_row

REFRESH = 0.1  # seconds between updates of the figures
HIDDEN = ("epoch", "step", "lr", "seconds", "samples_per_second")


class Progress:
    """show: None decides by the terminal, False shows nothing."""

    def __init__(self, show: bool | None, epochs: int) -> None:
        self.bars = sys.stderr.isatty() if show is None else show
        self.lines = show is None and not self.bars
        self.epochs = epochs
        self.bar: Any = None
        self.shown = 0.0

    def start_epoch(self, epoch: int, total: int | None, done: int) -> None:
        if self.bars:
            from tqdm import tqdm

            name = f"epoch {epoch + 1}/{self.epochs}"
            self.bar = tqdm(total=total, initial=done, desc=name, unit=" samples", dynamic_ncols=True, leave=True)

    def step(self, size: int, means: dict[str, float]) -> None:
        if self.bar is None:
            return
        now = time.monotonic()
        if now - self.shown >= REFRESH:
            self.shown = now
            self.bar.set_postfix_str(", ".join(f"{k}={v:.4g}" for k, v in means.items()), refresh=False)
        self.bar.update(size)

    def end_epoch(self, row: dict[str, Any] | None) -> None:
        """row: None if the epoch was cut short."""
        if self.bar is not None:
            if row is not None:
                figures = {k: v for k, v in row.items() if k not in HIDDEN}
                self.bar.set_postfix_str(", ".join(f"{k}={v:.4g}" for k, v in figures.items()))
            self.bar.close()
            self.bar = None
        elif self.lines and row is not None:
            print(format_row({**row, "epoch": f"{row['epoch']}/{self.epochs}"}), flush=True)
