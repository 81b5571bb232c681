"""Prints the tables of the README from bench/results: python -m bench tables."""

from __future__ import annotations

import math
from typing import Any

from bench.charts import best_peer, results

Row = dict[str, Any]


def show() -> int:
    for name, key in (("train", "net"), ("gemm", "work"), ("decode", "work")):
        print(f"\n{name}")
        by_threads(name, key)
    print("\ngeometric means of the ratio to the best peer, and of the fraction of the limit")
    summary()
    return 0


def by_threads(name: str, key: str) -> None:
    """One line for each piece of work, three columns for each number of threads."""
    found = results(name)["rows"]
    counts = sorted({row["threads"] for row in found})
    heads = [f"{'1 thread' if n == 1 else f'{n} threads'} | best peer | ratio" for n in counts]
    print(f"| {key} | {' | '.join(heads)} |\n|{'---|' * (1 + 3 * len(counts))}")
    for work in dict.fromkeys(row[key] for row in found):
        cells = [cell for n in counts for cell in cells_of(row_of(found, key, work, n))]
        print(f"| {work} | {' | '.join(cells)} |")


def row_of(found: list[Row], key: str, work: str, threads: int) -> Row:
    return next((row for row in found if row[key] == work and row["threads"] == threads), {})


def cells_of(row: Row) -> list[str]:
    if not row:
        return ["", "", ""]
    who, rate = best_peer(row)
    return [number(row["tilestack"]), f"{number(rate)} ({who})", f"{row['tilestack'] / rate:.2f}"]


def summary() -> None:
    names = ("gemm", "conv", "attention", "elementwise", "reduce", "optim", "decode", "train", "families")
    print("| benchmark | rows | threads | of the best peer | lowest | of the limit |\n|---|---|---|---|---|---|")
    for name in names:
        found = results(name)["rows"]
        for threads in sorted({row["threads"] for row in found}):
            rows = [row for row in found if row["threads"] == threads]
            ratios = [row["tilestack"] / best_peer(row)[1] for row in rows]
            limits = [row["of_peak"] for row in rows if "of_peak" in row]
            of_limit = f"{mean(limits):.2f}" if limits else ""
            cells = (name, len(rows), threads, f"{mean(ratios):.2f}", f"{min(ratios):.2f}", of_limit)
            print(f"| {' | '.join(map(str, cells))} |")


def mean(values: list[float]) -> float:
    """Geometric."""
    return math.exp(sum(map(math.log, values)) / len(values))


def number(x: float) -> str:
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"
