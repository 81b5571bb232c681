"""tilestack depth."""

from __future__ import annotations

import argparse
import math
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

import tilestack as ts
from tilestack.data.mnist import load_mnist

from . import CommandError
from .depth_net import RECIPES, Cell, Recipe, Settings, run
from .depth_options import DEPTHS, QUICK_DEPTHS, QUICK_STEPS, STEPS
from .runs import check_writable, csv_of

LEARNS, FAILS = 0.8, 0.2  # accuracies; that of chance is 0.1
ALL = 50  # layers up to which every recipe is tried

Table = dict[tuple[Recipe, int], Cell]


def depth(args: argparse.Namespace) -> int:
    """Run `tilestack depth` with the parsed options."""
    folder = Path(args.out)
    check_writable(folder)
    load_mnist(args.data)  # its errors, before every process has them
    depths = sorted(set(args.depths or (QUICK_DEPTHS if args.quick else DEPTHS)))
    settings = Settings(
        data=args.data,
        steps=args.steps or (QUICK_STEPS if args.quick else STEPS),
        **{name: getattr(args, name) for name in ("width", "lr", "batch_size", "seed")},
    )
    table: Table = {}
    with tqdm(
        total=len(RECIPES) * sum(depths), unit=" layers", dynamic_ncols=True, disable=not sys.stderr.isatty()
    ) as bar:
        for cell, left_out in run_all(depths, settings, args.jobs or ts.get_num_threads(), args.full):
            table[cell.recipe, cell.depth] = cell
            bar.set_postfix_str(_in_words(cell), refresh=False)
            bar.update(cell.depth + left_out)
            if bar.disable:
                print(f"{_in_words(cell)}, {cell.seconds:.1f} s", flush=True)
    print("\n" + text_table(table, depths))
    _write(table, depths, settings, folder)
    return 0


def run_all(depths: list[int], settings: Settings, jobs: int, full: bool) -> Iterator[tuple[Cell, int]]:
    """Cells as they are done, each recipe with growing depth. From ALL layers on, unless `full`, a recipe ends when it fails;
    with each cell comes the number of layers, in deeper nets, that will not be tried."""
    with workers(jobs) as submit:
        pending = {submit(run, recipe, depths[0], settings) for recipe in RECIPES}
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                cell = future.result()
                deeper = depths[depths.index(cell.depth) + 1 :]
                ends = cell.accuracy < FAILS and cell.depth >= ALL and not full
                if deeper and not ends:
                    pending.add(submit(run, cell.recipe, deeper[0], settings))
                yield cell, sum(deeper) if ends else 0


@contextmanager
def workers(jobs: int) -> Iterator[Callable[..., Future[Cell]]]:
    """A function that has other processes call a function. They end with the block, whatever they are at."""
    others = multiprocessing.active_children()
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, _start_worker, (max(1, ts.get_num_threads() // jobs),))
    try:
        yield pool.submit
    except BrokenProcessPool:
        raise CommandError(
            "a process ended before its net was trained, for want of memory perhaps: try --jobs 1"
        ) from None
    finally:
        for process in multiprocessing.active_children():
            if process not in others:
                process.terminate()
        pool.shutdown(cancel_futures=True)


def _start_worker(threads: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends without a word
    ts.set_num_threads(threads)


def text_table(table: Table, depths: list[int]) -> str:
    """Accuracies by recipe and depth; a dash for what was not tried."""
    rows = [["layers", *map(str, depths)]]
    rows += [[str(recipe), *(_percent(table.get((recipe, depth))) for depth in depths)] for recipe in RECIPES]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join([f"{row[0]:<{widths[0]}}", *(f"{x:>{w}}" for x, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join(lines)


def deepest(table: Table, recipe: Recipe) -> int:
    """The largest depth that learned, 0 if none did."""
    return max((cell.depth for cell in table.values() if cell.recipe == recipe and cell.accuracy >= LEARNS), default=0)


def _percent(cell: Cell | None) -> str:
    return "-" if cell is None else f"{cell.accuracy:.0%}"


def _in_words(cell: Cell) -> str:
    return f"{cell.recipe}, {cell.depth} layers: {cell.accuracy:.0%}"


def _write(table: Table, depths: list[int], settings: Settings, folder: Path) -> None:
    from tilestack.io import atomic_write_text

    from .depth_report import page

    cells = sorted(table.values(), key=lambda cell: (RECIPES.index(cell.recipe), cell.depth))
    atomic_write_text(folder / "depth.csv", csv_of([_row(cell) for cell in cells]))
    atomic_write_text(folder / "report.html", page(table, depths, settings))
    print(f"\n  {'table:':<8}{folder / 'depth.csv'}\n  {'report:':<8}{folder / 'report.html'}")


def _row(cell: Cell) -> dict[str, Any]:
    recipe = cell.recipe
    return {
        **{name: getattr(recipe, name) for name in ("activation", "init", "residual", "norm")},
        "layers": cell.depth,
        "accuracy": round(cell.accuracy, 4),
        "loss": cell.loss,
        "first_gradient": cell.gradients[0] if cell.gradients else math.nan,
        "last_gradient": cell.gradients[-1] if cell.gradients else math.nan,
        "seconds": round(cell.seconds, 2),
    }
