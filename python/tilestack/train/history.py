"""What a training run logged."""

from __future__ import annotations

from typing import Any


class History:
    """rows: one dict an epoch (epoch, step, lr, loss, metrics, val_..., seconds). history["loss"] is a column.

    interrupted: Ctrl-C ended the run. stopped: why it ended before the last epoch, or "".
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.interrupted = False
        self.stopped = ""

    def __getitem__(self, name: str) -> list[Any]:
        if self.rows and not any(name in row for row in self.rows):
            raise KeyError(f"history: no column {name!r}; there are {', '.join(self.columns)}")
        return [row.get(name) for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def __repr__(self) -> str:
        return "\n".join(format_row(row) for row in self.rows) or "History(no epochs)"


def format_row(row: dict[str, Any]) -> str:
    """`epoch 3  loss 0.1234  accuracy 0.9650`."""
    shown = {name: value for name, value in row.items() if name not in ("step", "lr", "seconds", "samples_per_second")}
    parts = [f"{name} {value:.4f}" if isinstance(value, float) else f"{name} {value}" for name, value in shown.items()]
    if "samples_per_second" in row:
        parts.append(f"{row['samples_per_second']:,} samples/s")
    return "  ".join(parts)
