"""The reports of the commands that train on text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from tilestack.diagnose import Report
from tilestack.diagnose.charts import Line, line_chart, thinned
from tilestack.diagnose.report import _section

from . import machine
from .report import footer

if TYPE_CHECKING:
    from . import dates
    from .language import Result, Settings

MISTAKES = 40


@dataclass
class TextReport(Report):
    """A Report with what the net wrote in place of the accuracy of images."""

    texts: list[tuple[str, str, str]] = field(default_factory=list)  # title, note, text

    def _loss(self) -> str:
        lines = [Line("training", *self._series("loss")), Line("held-back text", *self._series("val_loss"))]
        at, losses = thinned(self.step_losses, 300)
        steps = len(self.step_losses) / len(self.epochs)
        lines.append(Line("training, single steps", [x / steps for x in at], losses, colour=0, faint=True))
        return _section("Loss", self.loss_note, line_chart(lines, "Loss by epoch", "epoch", log=True))

    def _accuracy(self) -> str:
        style = "white-space:pre-wrap;margin:0;max-height:260px;overflow:auto;font-size:13px"
        return "\n".join(
            _section(title, note, f'<pre style="{style}">{escape(words)}</pre>') for title, note, words in self.texts
        )


def language_report(result: Result, settings: Settings) -> Report:
    weights = sum(p.numel() for p in result.model.parameters())
    seen = settings.batch_size * settings.block * result.rows[-1]["step"]
    loss = result.rows[-1]["val_loss"]
    unit = "character" if settings.tokens == "characters" else "token"
    return TextReport(
        title=f"{settings.model.upper()} on {settings.data}",
        subtitle=f"{result.train_tokens:,} {unit}s to train on, {result.held_back:,} held back and never trained on",
        tiles=[
            ("Loss", f"{loss:.3f}", f"nats a {unit}, held back"),
            ("Training", f"{result.seconds:.1f} s", f"{result.rows[-1]['step']:,} steps"),
            ("Speed", f"{seen / result.seconds:,.0f}", f"{unit}s per second"),
            ("Weights", f"{weights:,}", f"{4 * weights / 1e6:.2f} MB in float32"),
        ],
        epochs=result.rows,
        step_losses=result.step_losses,
        loss_note=f"Cross-entropy in nats a {unit}, on a logarithmic scale; the held-back text is all of it.",
        texts=[("What it writes", "Drawn at temperature 0.8 from the first character on.", result.sample)],
        gradient_norms=norms_by_layer(result.gradient_norms),
        gradient_steps=[row["step"] for row in result.gradient_norms],
        settings=[
            ("Model", _sizes(settings)),
            ("Data", f"{settings.data}, {settings.characters:,} characters, tokens: {settings.tokens}"),
            ("Steps", f"{settings.steps:,} of {settings.batch_size} blocks of {settings.block} tokens"),
            (
                "Optimizer",
                f"AdamW, learning rate up to {settings.lr:g}, then a cosine to its tenth; gradient clipped to 1",
            ),
            ("Dropout", f"{settings.dropout:g}"),
            ("Seed", str(settings.seed)),
        ],
        timings=[*machine.facts(), ("Training", f"{result.seconds:.2f} s")],
        footer=footer(),
    )


def _sizes(settings: Settings) -> str:
    if settings.model == "lstm":
        return f"LSTM, {settings.layers} layers, {settings.width} wide"
    return f"GPT-2's form, {settings.layers} layers, {settings.heads} heads, {settings.width} wide"


def dates_report(result: dates.Result, settings: dates.Settings) -> Report:
    weights = sum(p.numel() for p in result.model.parameters())
    steps = result.rows[-1]["step"]
    count = len(result.held_back.iso)
    tiles = [
        (name, f"{result.right(found):.1%}", f"of {count:,} held back, exact")
        for name, found in (("Greedy", result.greedy), ("Beam search", result.beam))
    ]
    return TextReport(
        title="Transformer on dates",
        subtitle=f"{settings.pairs:,} made-up pairs to train on, {count:,} of other days held back",
        tiles=[
            *tiles,
            ("Training", f"{result.seconds:.1f} s", f"{len(result.rows)} epochs, {steps:,} steps"),
            ("Speed", f"{steps * settings.batch_size / result.seconds:,.0f}", "pairs per second"),
            ("Weights", f"{weights:,}", f"{4 * weights / 1e6:.2f} MB in float32"),
        ],
        epochs=result.rows,
        step_losses=result.step_losses,
        loss_note=f"Cross-entropy a character with label smoothing {settings.label_smoothing:g}, on a logarithmic scale.",
        texts=[
            ("Translations", "Held-back dates, greedily.", _pairs(result, range(min(count, MISTAKES)))),
            (
                "Mistakes",
                "All held-back dates that went wrong, greedily.",
                _pairs(result, _mistakes(result)) or "None.",
            ),
        ],
        gradient_norms=norms_by_layer(result.gradient_norms),
        gradient_steps=[row["step"] for row in result.gradient_norms],
        settings=[
            ("Model", f"{settings.layers} layers each, {settings.heads} heads, {settings.width} wide; one vocabulary"),
            ("Epochs", f"{settings.epochs}, batches of {settings.batch_size}"),
            ("Optimizer", f"Adam, the paper's learning rate with {settings.warmup:,} steps of warm-up"),
            ("Label smoothing", f"{settings.label_smoothing:g}"),
            ("Dropout", f"{settings.dropout:g}"),
            ("Seed", str(settings.seed)),
        ],
        timings=[*machine.facts(), ("Training", f"{result.seconds:.2f} s")],
        footer=footer(),
    )


def _mistakes(result: dates.Result) -> list[int]:
    return [i for i, (a, b) in enumerate(zip(result.greedy, result.held_back.iso, strict=True)) if a != b]


def _pairs(result: dates.Result, chosen: Iterable[int]) -> str:
    written, iso = result.held_back
    return "\n".join(
        f"{written[i]} -> {result.greedy[i]}" + ("" if result.greedy[i] == iso[i] else f" (is {iso[i]})")
        for i in chosen
    )


def norms_by_layer(rows: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Of matrices inside the blocks, from the first to the last."""
    names = [name for name in (rows[0] if rows else {}) if name.endswith(("c_proj.weight", "linear2.weight"))]
    return {name.removesuffix(".weight"): [row[name] for row in rows] for name in names}
