"""Draws docs/bars.png and docs/roofline.png from bench/results; needs matplotlib."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.harness import ROOT

DOCS = ROOT.parent / "docs"
OURS, THEIRS, LIMIT = "#0b6e4f", "#b9c0c8", "#c1440e"
KEYS = {"threads", "work", "net", "pass", "unit", "of_peak", "of_best_peer"}


def draw() -> int:
    try:
        from matplotlib import pyplot
    except ImportError:
        print("charts need matplotlib")
        return 1
    for name, figure in (("bars", bars), ("roofline", roofline)):
        figure(pyplot)
        pyplot.savefig(DOCS / f"{name}.png", dpi=110, bbox_inches="tight")
        pyplot.close()
        print("written:", DOCS / f"{name}.png")
    return 0


def rows(name: str, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    return [row for row in results(name)["rows"] if wanted(row)]


def results(name: str) -> dict[str, Any]:
    path: Path = ROOT / "results" / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {"rows": [], "peak": {}}


def best_peer(row: dict[str, Any]) -> tuple[str, float]:
    rates = {who: rate for who, rate in row.items() if who not in KEYS and who != "tilestack"}
    return max(rates.items(), key=lambda item: item[1]) if rates else ("", 0.0)


def bars(pyplot: Any) -> None:
    """Training steps: how many times as many as the best peer."""
    counts = sorted({row["threads"] for row in results("train")["rows"]})
    figure, axes = pyplot.subplots(1, len(counts), figsize=(5.5 * len(counts), 3.6), sharey=True)
    for axis, threads in zip(axes if len(counts) > 1 else [axes], counts, strict=True):
        shown = rows("train", lambda row, n=threads: row["threads"] == n)[::-1]
        ratios = [row["tilestack"] / best_peer(row)[1] for row in shown]
        axis.barh([row["net"] for row in shown], ratios, color=OURS)
        axis.axvline(1, color=LIMIT, linewidth=1.5)
        for i, (row, ratio) in enumerate(zip(shown, ratios, strict=True)):
            axis.text(ratio + 0.03, i, f"{ratio:.2f} of {best_peer(row)[0]}", va="center", fontsize=8)
        axis.set_xlim(0, max(ratios) * 1.45)
        axis.set_title(f"{threads} thread{'s' if threads > 1 else ''}", fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle("Training steps a second, against the fastest of the other libraries", fontsize=11)


def roofline(pyplot: Any) -> None:
    """Fraction of the measured limit that each op reaches on one thread, with the best peer's beside it."""
    groups = ("gemm", "conv", "attention", "elementwise", "reduce", "optim")
    figure, axes = pyplot.subplots(2, 3, figsize=(14, 11))
    for axis, group in zip(axes.flat, groups, strict=True):
        shown = [row for row in rows(group, lambda row: row["threads"] == 1) if "of_peak" in row][::-1]
        names = [" ".join([row["work"], {"backward": "(backward)"}.get(row.get("pass"), "")]) for row in shown]
        peer = [row["of_peak"] * best_peer(row)[1] / row["tilestack"] for row in shown]
        places = range(len(shown))
        axis.barh(places, peer, height=0.8, color=THEIRS, label="best peer")
        axis.barh(places, [row["of_peak"] for row in shown], height=0.4, color=OURS, label="tilestack")
        axis.axvline(1, color=LIMIT, linewidth=1.2)
        axis.set_yticks(list(places), names, fontsize=5.5)
        axis.set_ylim(-0.8, len(shown) - 0.2)
        axis.set_xlim(0, max([1.6, *(1.05 * row["of_peak"] for row in shown)]))  # Winograd's products are beyond 1
        axis.set_title(group, fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
    axes.flat[0].legend(fontsize=8, loc="lower right")
    figure.suptitle("One thread: fraction of the machine's measured limit (multiply-adds or copied bytes)", fontsize=12)
    figure.tight_layout()
