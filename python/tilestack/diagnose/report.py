"""One self-contained HTML page about a training run: no scripts, no files beside it, nothing fetched."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tilestack.vision.png import write_png

from .charts import Line, line_chart, thinned

HALF_WIDTH, FULL_WIDTH = 45, 120  # letters that fit side by side
NEGATIVE, MIDDLE, POSITIVE = np.array([[26, 84, 168], [242, 240, 236], [190, 52, 28]], np.float32)


@dataclass
class Mistake:
    """image: (height, width) or (height, width, 3) uint8."""

    image: np.ndarray
    label: str
    predicted: str
    confidence: float


@dataclass
class Report:
    """What the page shows. An entry that is left out leaves out its section."""

    title: str
    subtitle: str
    tiles: list[tuple[str, str, str]]  # name, value, explanation
    epochs: list[dict[str, float]] = field(default_factory=list)  # epoch, loss, accuracy, val_loss, val_accuracy
    step_losses: list[float] = field(default_factory=list)
    gradient_norms: dict[str, list[float]] = field(default_factory=dict)  # by layer, in the order of the net
    gradient_steps: list[float] = field(default_factory=list)  # at which they were taken; left out: every step
    filters: np.ndarray | None = None  # (n, channels, height, width), the first layer's weights
    confusion: np.ndarray | None = None  # (classes, classes) counts: row is the label, column what the net said
    classes: Sequence[str] = ()
    mistakes: list[Mistake] = field(default_factory=list)
    settings: list[tuple[str, str]] = field(default_factory=list)
    timings: list[tuple[str, str]] = field(default_factory=list)
    footer: str = ""
    loss_note: str = "Cross-entropy, on a logarithmic scale. Training is measured on augmented images."

    def html(self) -> str:
        """The page."""
        sections = [
            self._loss(),
            self._accuracy(),
            self._gradients(),
            self._confusion(),
            self._filters(),
            self._mistakes(),
            _facts("Settings", self.settings),
            _facts("Machine and timings", self.timings),
        ]
        grid = "\n".join(filter(None, sections))
        body = f'{tiles(self.tiles)}\n<div class="grid2">\n{grid}\n</div>'
        return document(self.title, self.subtitle, body, self.footer)

    def _series(self, name: str) -> tuple[list[float], list[float]]:
        rows = [row for row in self.epochs if name in row]
        return [row["epoch"] for row in rows], [row[name] for row in rows]

    def _loss(self) -> str:
        if not self.epochs:
            return ""
        lines = [Line("training", *self._series("loss")), Line("held-back data", *self._series("val_loss"))]
        if self.step_losses:
            at, losses = thinned(self.step_losses, 300)
            steps_an_epoch = len(self.step_losses) / max(self.epochs[-1]["epoch"], 1)
            lines.append(Line("training, single steps", [x / steps_an_epoch for x in at], losses, colour=0, faint=True))
        chart = line_chart(lines, "Loss by epoch", "epoch", log=True)
        return _section("Loss", self.loss_note, chart)

    def _accuracy(self) -> str:
        if not self.epochs:
            return ""
        lines = [Line("training", *self._series("accuracy")), Line("held-back data", *self._series("val_accuracy"))]
        chart = line_chart(lines, "Accuracy by epoch", "epoch", lambda share: f"{100 * share:.3g}%")
        return _section("Accuracy", "Share of images read right.", chart)

    def _gradients(self) -> str:
        if not self.gradient_norms:
            return ""
        norms = dict(list(self.gradient_norms.items())[:8])
        lines = [Line(name, *thinned(values, 80, self.gradient_steps)) for name, values in norms.items()]
        chart = line_chart(lines, "Gradient norm by layer and step", "step", log=True, width=1080)
        return _section("Gradient norm of each layer", self._gradient_note(), chart, wide=True)

    def _gradient_note(self) -> str:
        values = list(self.gradient_norms.values())
        if len(values) < 2 or not np.isfinite([*values[0], *values[-1]]).all():
            return "L2 norm of the gradient of each layer's weights."
        ratio = float(np.median(values[0])) / max(float(np.median(values[-1])), 1e-30)
        verdict = "vanish on the way" if ratio < 1e-2 else "explode on the way" if ratio > 1e2 else "pass well"
        return (
            "L2 norm of the gradient of each layer's weights. The first layer's is in the median "
            f"{ratio:.2g} times the last one's: gradients {verdict}."
        )

    def _confusion(self) -> str:
        if self.confusion is None:
            return ""
        counts = np.asarray(self.confusion)
        worst = max(int((counts - np.diag(np.diag(counts))).max()), 1)
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in self.classes)
        rows = []
        for i, name in enumerate(self.classes):
            total = max(int(counts[i].sum()), 1)
            cells = "".join(_cell(int(n), n / total if i == j else n / worst, i == j) for j, n in enumerate(counts[i]))
            rows.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
        turned = " turned" if self._header_width() > FULL_WIDTH else ""
        table = (
            f'<div class="scroll"><table class="matrix{turned}"><thead><tr><th></th>{head}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table></div>"
        )
        note = "Row: what the image shows. Column: what the net read."
        return _section("Confusion matrix", note, table, wide=self._header_width() > HALF_WIDTH)

    def _header_width(self) -> int:
        """Letters of the confusion matrix' columns."""
        return sum(max(len(name), 4) for name in self.classes)

    def _filters(self) -> str:
        if self.filters is None:
            return ""
        filters = np.asarray(self.filters, np.float32)[:64]
        images = "".join(f'<img src="{data_uri(f)}" alt="filter {i}">' for i, f in enumerate(filter_pictures(filters)))
        note = filter_note(filters)
        size = 120 if len(filters) <= 16 else 52
        grid = f'<div class="tilegrid" style="--size:{size}px">{images}</div>'
        return _section("First-layer filters", note, grid, wide=self._header_width() > HALF_WIDTH)

    def _mistakes(self) -> str:
        if not self.mistakes:
            return ""
        figures = "".join(
            f'<figure><img src="{(data_uri if m.image.ndim == 2 else photo_uri)(m.image)}" alt=""><figcaption><b>{escape(m.predicted)}</b> '
            f"({m.confidence:.0%})<br>is {escape(m.label)}</figcaption></figure>"
            for m in self.mistakes
        )
        note = "Held-back images that the net got wrong while it was surest: what it read, how sure it was, what it is."
        size = 84 if self.mistakes[0].image.ndim == 2 else 120
        grid = f'<div class="tilegrid" style="--size:{size}px">{figures}</div>'
        return _section("Worst mistakes", note, grid, wide=True)


def tiles(facts: Sequence[tuple[str, str, str]]) -> str:
    """Figures at the top of a page: name, value, explanation."""
    drawn = "".join(
        f'<div class="tile"><dt>{escape(name)}</dt><dd>{escape(value)}</dd><small>{escape(more)}</small></div>'
        for name, value, more in facts
    )
    return f'<dl class="tiles">{drawn}</dl>'


def data_uri(image: np.ndarray) -> str:
    """A PNG inside the page."""
    return "data:image/png;base64," + base64.b64encode(write_png(image)).decode()


def photo_uri(picture: np.ndarray) -> str:
    """A photo (height, width, 3) uint8 inside the page: a JPEG, or without pillow a PNG, which is larger."""
    if find_spec("PIL") is None:
        return data_uri(picture)
    from PIL import Image

    packed = io.BytesIO()
    Image.fromarray(picture).save(packed, "jpeg", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(packed.getvalue()).decode()


def diverging(x: np.ndarray) -> np.ndarray:
    """Values in -1..1 as colours from blue over near-white to red, uint8 (..., 3)."""
    x = np.clip(x, -1, 1)[..., None]
    return np.rint(MIDDLE + np.maximum(x, 0) * (POSITIVE - MIDDLE) + np.maximum(-x, 0) * (NEGATIVE - MIDDLE)).astype(
        np.uint8
    )


def filter_pictures(filters: np.ndarray) -> np.ndarray:
    """(n, channels, height, width) weights as (n, height, width, 3) uint8: those of three channels as colours, each filter by
    itself, others as the mean over channels, all on one scale."""
    if filters.shape[1] == 3:
        scale = np.abs(filters).max((1, 2, 3), keepdims=True) + 1e-12
        return np.rint(127.5 * (1 + filters / scale)).astype(np.uint8).transpose(0, 2, 3, 1)
    mean = filters.mean(1)
    return diverging(mean / (np.abs(mean).max() + 1e-12))


def filter_note(filters: np.ndarray) -> str:
    """How to read filter_pictures."""
    if filters.shape[1] == 3:
        return "Weights of red, green and blue as colours; gray is 0, and each filter is on a scale of its own."
    strongest = float(np.abs(filters.mean(1)).max())
    return f"Red raises, blue lowers a unit's output; the strongest weight is {strongest:.2f}."


def document(title: str, subtitle: str, body: str, footer: str, style: str = "") -> str:
    """A page of the looks that all have. body, style: HTML and CSS; the others are plain text."""
    shared = Path(__file__).with_name("report.css").read_text("utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>\n{shared}{style}</style></head>\n<body><main>\n"
        f'<header><h1>{escape(title)}</h1><p class="sub">{escape(subtitle)}</p></header>\n'
        f"{body}\n<footer>{escape(footer)}</footer>\n</main></body></html>\n"
    )


def _cell(count: int, share: float, right: bool) -> str:
    if count == 0:
        return '<td style="--v:0%"></td>'
    kind = ("right" if right else "wrong") + (" strong" if share > 0.55 else "")
    return f'<td class="{kind}" style="--v:{15 + 85 * share:.0f}%">{count}</td>'


def _section(title: str, note: str, body: str, wide: bool = False) -> str:
    kind = ' class="wide"' if wide else ""
    return f'<section{kind}><h2>{escape(title)}</h2><p class="note">{escape(note)}</p>{body}</section>'


def _facts(title: str, facts: Sequence[tuple[str, str]]) -> str:
    if not facts:
        return ""
    rows = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in facts)
    return f'<section><h2>{escape(title)}</h2><table class="facts">{rows}</table></section>'
