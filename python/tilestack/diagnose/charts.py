"""Line charts as inline SVG; the page's style sheet gives the colours s0 to s7."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

HEIGHT = 260
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 12, 36


@dataclass(frozen=True)
class Line:
    """One series. Values that are not finite, or not positive on a log axis, are left out."""

    label: str
    xs: Sequence[float]
    ys: Sequence[float]
    colour: int | None = None  # left out: by its place
    faint: bool = False  # thin and without points: the noisy background of another series


def line_chart(
    lines: Sequence[Line],
    title: str,
    x_label: str,
    y_format: Callable[[float], str] = "{:.3g}".format,
    log: bool = False,
    width: int = 520,
) -> str:
    """An SVG chart with its legend, as HTML. `title` is for screen readers."""
    lines = [_finite(line, index, log) for index, line in enumerate(lines)]
    xs = [x for line in lines for x in line.xs]
    ys = [y for line in lines for y in line.ys]
    if not xs:
        return '<p class="note">Nothing was recorded.</p>'
    x_low, x_high = min(xs), max(xs)
    y_ticks = (log_ticks if log else linear_ticks)(min(ys), max(ys))
    place_x = _scale(x_low, x_high, LEFT, width - RIGHT, False)
    place_y = _scale(y_ticks[0], y_ticks[-1], HEIGHT - BOTTOM, TOP, log)
    parts = [_grid(y_ticks, place_y, y_format, width), _x_axis(x_low, x_high, place_x, x_label, width)]
    parts += [_line(line, place_x, place_y, y_format, x_label) for line in lines]
    svg = f'<svg viewBox="0 0 {width} {HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    svg = f'<div class="scroll">{svg}</div>'
    return svg + (_legend(lines) if len(lines) > 1 else "")


def linear_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers that span low to high."""
    if high <= low:
        high = low + (abs(low) or 1) * 0.1
    raw = (high - low) / wanted
    power = 10 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Steps of 1, 2, 5 times powers of ten that span low to high; powers of ten only where the span is wide."""
    decades = math.log10(high / low)
    marks = (1.0,) if decades > 2.5 else (1.0, 3.0) if decades > 1.2 else (1.0, 2.0, 5.0)
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    all_ticks = [float(f"{mark}e{power}") for power in powers for mark in marks]
    first = max(i for i, t in enumerate(all_ticks) if t <= low * 1.001)
    last = min(i for i, t in enumerate(all_ticks) if t >= high * 0.999)
    ticks = all_ticks[first : max(last, first + 1) + 1]
    step = math.ceil(len(ticks) / 8)
    kept = ticks[: -(step // 2) - 1 : step]  # none close below the last
    return ticks if step == 1 else [*kept, ticks[-1]]


def power_of_ten(value: float) -> str:
    """A format for axes of many decades."""
    exponent = math.floor(math.log10(value) + 1e-9) if value > 0 else 0
    return f"{value:.4g}" if -3 < exponent < 4 else f"{value / 10.0**exponent:.2g}e{exponent}"


def thinned(ys: Sequence[float], most: int, xs: Sequence[float] = ()) -> tuple[list[float], list[float]]:
    """A long series as at most `most` means of equal stretches, each at the last of its xs (by default 1, 2, ...)."""
    xs = xs or range(1, len(ys) + 1)
    step = max(1, math.ceil(len(ys) / most))
    stretches = [ys[i : i + step] for i in range(0, len(ys), step)]
    return [xs[i * step + len(s) - 1] for i, s in enumerate(stretches)], [sum(s) / len(s) for s in stretches]


def histogram(counts: Sequence[int], colour: int) -> str:
    """A small bar chart to stand in a line of text."""
    most = max(counts, default=0) or 1
    bars = "".join(
        f'<rect x="{4 * i}" y="{22 - 22 * count / most:.1f}" width="3.4" height="{22 * count / most:.1f}"/>'
        for i, count in enumerate(counts)
        if count
    )
    return (
        f'<svg class="bars s{colour}" viewBox="0 0 {4 * len(counts)} 22" role="img" aria-label="histogram">{bars}</svg>'
    )


def _finite(line: Line, index: int, log: bool) -> Line:
    pairs = [(x, y) for x, y in zip(line.xs, line.ys, strict=True) if math.isfinite(y) and (y > 0 or not log)]
    colour = index % 8 if line.colour is None else line.colour
    return Line(line.label, [x for x, _ in pairs], [y for _, y in pairs], colour, line.faint)


def _scale(low: float, high: float, start: float, stop: float, log: bool) -> Callable[[float], float]:
    if log:
        inner = _scale(math.log10(low), math.log10(high), start, stop, False)
        return lambda value: inner(math.log10(value))
    span = (high - low) or 1
    return lambda value: start + (stop - start) * (value - low) / span


def _grid(ticks: Sequence[float], place: Callable[[float], float], text: Callable[[float], str], width: int) -> str:
    return "".join(
        f'<line class="grid" x1="{LEFT}" x2="{width - RIGHT}" y1="{place(t):.1f}" y2="{place(t):.1f}"/>'
        f'<text class="tick end" x="{LEFT - 8}" y="{place(t) + 4:.1f}">{text(t)}</text>'
        for t in ticks
    )


def _x_axis(low: float, high: float, place: Callable[[float], float], label: str, width: int) -> str:
    ticks = [t for t in linear_ticks(low, high, 6) if low <= t <= high and t == int(t)] or [low]
    texts = "".join(f'<text class="tick mid" x="{place(t):.1f}" y="{HEIGHT - 18}">{t:g}</text>' for t in ticks)
    return texts + f'<text class="tick end" x="{width - RIGHT}" y="{HEIGHT - 2}">{escape(label)}</text>'


def _line(
    line: Line,
    place_x: Callable[[float], float],
    place_y: Callable[[float], float],
    text: Callable[[float], str],
    x_label: str,
) -> str:
    points = [(place_x(x), place_y(y)) for x, y in zip(line.xs, line.ys, strict=True)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    kind = "line faint" if line.faint else "line"
    out = f'<polyline class="{kind} s{line.colour}" points="{path}"/>'
    if line.faint or len(points) > 60:
        return out
    return out + "".join(
        f'<circle class="dot s{line.colour}" cx="{px:.1f}" cy="{py:.1f}" r="3.5">'
        f"<title>{escape(line.label)}, {escape(x_label)} {x:g}: {text(y)}</title></circle>"
        for (px, py), x, y in zip(points, line.xs, line.ys, strict=True)
    )


def _legend(lines: Sequence[Line]) -> str:
    keys = "".join(
        f'<li><i class="s{line.colour}{" faint" if line.faint else ""}"></i>{escape(line.label)}</li>' for line in lines
    )
    return f'<ul class="legend">{keys}</ul>'
