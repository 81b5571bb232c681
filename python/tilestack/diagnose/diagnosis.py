"""What diagnose found, as a table, a page, and numbers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from .charts import Line, histogram, line_chart, power_of_ten
from .observer import Layer
from .report import _section, document
from .weights import Weight, has_weights

ROWS = 40  # of the printed table; the page has PAGE_ROWS at most
PAGE_ROWS = 120
STYLE = """
.findings { margin: 0; padding-left: 20px; } .findings li + li { margin-top: 6px; }
.layers { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
.layers th { color: var(--soft); font-weight: 500; text-align: right; white-space: nowrap; padding: 3px 10px; }
.layers td { text-align: right; white-space: nowrap; padding: 2px 10px; border-top: 1px solid var(--hair); }
.layers .left { text-align: left; } .wide .layers svg { width: 84px; min-width: 0; height: 22px; display: inline-block; }
.layers .bad { color: var(--wrong); font-weight: 600; }
"""


@dataclass
class Diagnosis:
    """The result of `ts.diagnose`: print it, `.save(path)` it as a page, or read its numbers.

    layers: in the order of the calls. weights: of those layers. unused: parameters that got no gradient. loss: its value;
    chance: what equal chances for all classes would give, if it is a cross-entropy. residual: outputs of layers were added.
    updates: the ratios of weights are of the optimizer's step. training: the model's mode. findings: the verdict, sentence
    by sentence; healthy: nothing is wrong.
    """

    layers: list[Layer]
    weights: list[Weight]
    unused: list[str]
    loss: float
    chance: float | None
    samples: int
    residual: bool
    updates: bool
    training: bool
    findings: list[str] = field(default_factory=list)
    healthy: bool = True

    @property
    def depth(self) -> list[Layer]:
        """The layers with weights, by which depth is counted."""
        return [layer for layer in self.layers if has_weights(layer)]

    @property
    def verdict(self) -> str:
        return "\n".join(self.findings)

    def table(self, rows: int | None = None) -> str:
        """A line for each layer; of more than `rows` those in the middle are left out."""
        names = [column.replace("\n", " ") for column in self._columns()]
        every = list(range(len(self.layers)))
        half = (rows or 0) // 2
        left_out = len(every) - 2 * half if rows and len(every) > rows else 0
        shown = every[:half] + every[-half:] if left_out else every
        cells = [names, *(self._cells(i) for i in shown)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(names))]
        lines = [
            "  ".join(
                f"{cell:<{width}}" if i < 3 else f"{cell:>{width}}"
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in cells
        ]
        lines.insert(1, "-" * (sum(widths) + 2 * len(widths) - 2))
        if left_out:
            lines.insert(2 + half, f"... {left_out:,} more ...")
        return "\n".join(lines)

    def __str__(self) -> str:
        return "\n".join([self.table(ROWS), "", self._summary(), "", *(f"* {finding}" for finding in self.findings)])

    __repr__ = __str__

    def _summary(self) -> str:
        mode = "training" if self.training else "evaluation"
        chance = "" if self.chance is None else f" (equal chances: {self.chance:.4g})"
        return f"loss {self.loss:.4g}{chance}, {self.samples:,} samples, in {mode} mode"

    def _columns(self) -> list[str]:
        ratio = "update/weight" if self.updates else "gradient/weight"
        return ["layer", "kind", "output", "mean", "std", "gradient", "idle", "weight std", "initialisation", ratio]

    def _cells(self, i: int) -> list[str]:
        layer, weight = self.layers[i], self._weight(i)
        function = f" + {layer.function}" if layer.function and layer.module and weight else ""
        return [
            layer.name,
            layer.kind + function,
            "x".join(map(str, layer.activation.shape)),
            f"{layer.activation.mean:.3g}",
            f"{layer.activation.std:.3g}",
            "none" if layer.gradient is None else f"{layer.gradient.norm:.3g}",
            _idle(layer),
            f"{weight.std:.3g}" if weight else "",
            f"{weight.scale:.2g} x {weight.scheme}" if weight and weight.scale is not None else "",
            f"{weight.ratio:.2g}" if weight and weight.ratio is not None else "",
        ]

    def _weight(self, layer: int) -> Weight | None:
        return next((weight for weight in self.weights if weight.layer == layer), None)

    def html(self, title: str = "Diagnosis") -> str:
        """A page that needs no other file."""
        body = "\n".join(
            [
                self._section_of_findings(),
                _section(
                    "Gradient by layer",
                    "Norm of the loss's gradient for the output of each layer that has weights. Level is good.",
                    self._chart([layer.gradient_norm for layer in self.depth], "gradient"),
                ),
                _section(
                    "Output by layer",
                    "Root mean square of the output of each layer that has weights. Level is good.",
                    self._chart([layer.activation.rms for layer in self.depth], "output"),
                ),
                _section("Layers", self._table_note(), self._html_table(), wide=True),
            ]
        )
        subtitle = f"{len(self.depth):,} layers with weights; {self._summary()}"
        return document(title, subtitle, f'<div class="grid2">{body}</div>', "", STYLE)

    def save(self, path: str | os.PathLike[str], title: str = "Diagnosis") -> None:
        """Write the page."""
        from tilestack.io import atomic_write_text

        atomic_write_text(path, self.html(title))

    def _section_of_findings(self) -> str:
        items = "".join(f"<li>{escape(finding)}</li>" for finding in self.findings)
        return _section("Verdict", "", f'<ul class="findings">{items}</ul>', wide=True)

    def _chart(self, values: Sequence[float], label: str) -> str:
        line = Line(label, range(1, len(values) + 1), values)
        return line_chart([line], f"{label} by layer", "layer", power_of_ten, log=True)

    def _table_note(self) -> str:
        ratio = "the next step" if self.updates else "the gradient"
        return (
            "Distributions are drawn from the hundredth to the ninety-ninth percent. Idle: dead units of rectifiers, saturated "
            f"values of sigmoids. The last column is {ratio} over the weight, in norms."
        )

    def _html_table(self) -> str:
        step = max(1, -(-len(self.layers) // PAGE_ROWS))
        chosen = sorted({*range(0, len(self.layers), step), len(self.layers) - 1}) if self.layers else []
        names = self._columns()
        names[3:3] = ["distribution"]
        names[names.index("gradient") + 1 : names.index("gradient") + 1] = ["distribution"]
        head = "".join(f'<th scope="col"{_left(i)}>{escape(name)}</th>' for i, name in enumerate(names))
        rows = "".join(f"<tr>{self._html_row(i)}</tr>" for i in chosen)
        return f'<div class="scroll"><table class="layers"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'

    def _html_row(self, i: int) -> str:
        layer, cells = self.layers[i], [escape(cell) for cell in self._cells(i)]
        cells[3:3] = [histogram(layer.activation.histogram, 0)]
        cells[7:7] = [histogram(layer.gradient.histogram, 1) if layer.gradient else ""]
        bad = max(layer.dead or 0, layer.saturated or 0) > 0.5
        return "".join(
            f"<td{_left(at)}{' class=bad' if bad and at == 8 else ''}>{cell}</td>" for at, cell in enumerate(cells)
        )


def _left(column: int) -> str:
    return ' class="left"' if column < 3 else ""


def _idle(layer: Layer) -> str:
    if layer.dead is not None:
        return f"{layer.dead:.0%} dead"
    return "" if layer.saturated is None else f"{layer.saturated:.0%} flat"
