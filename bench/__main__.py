"""Benchmarks beside the libraries that are installed; each number of threads is measured in a process of its own."""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import tilestack as ts

NAMES = (
    "accuracy",
    "attention",
    "conv",
    "decode",
    "elementwise",
    "families",
    "gemm",
    "optim",
    "overhead",
    "reduce",
    "startup",
    "train",
)
UNTHREADED = ("accuracy", "overhead", "startup")
QUICK = ("elementwise", "gemm", "overhead", "train")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "name", choices=[*NAMES, "charts", "tables", "quick"], help="charts and tables show what was saved"
    )
    parser.add_argument("--quick", action="store_true", help="few repeats: a smoke test, not a measurement")
    parser.add_argument("--threads", type=int, nargs="+", help="thread counts to run with (default: 1 and all)")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--without", nargs="+", default=[], help="leave out contenders with these words in their names")
    parser.add_argument("--save", action="store_true", help="write bench/results/NAME.json")
    parser.add_argument("--rows", type=Path, help=argparse.SUPPRESS)  # a child's: where its results go
    args = parser.parse_args()
    if args.name == "charts":
        return importlib.import_module("bench.charts").draw()
    if args.name == "tables":
        return importlib.import_module("bench.tables").show()
    if args.name == "quick":
        return max(main_of([name, "--quick", "--threads", "1"]) for name in QUICK)
    if args.only and args.save:
        parser.error("--save writes whole results: leave --only out")
    if args.rows:
        return measure(args)
    counts = args.threads or ([1] if args.name in UNTHREADED else sorted({1, ts.available_cpus()}))
    with tempfile.TemporaryDirectory() as folder:
        parts = [Path(folder) / f"{count}.json" for count in counts]
        for count, part in zip(counts, parts, strict=True):
            status = main_of([*flags(args), "--threads", str(count), "--rows", str(part)])
            if status:
                return status
        if args.save:
            from bench.harness import save

            print("written:", save(args.name, parts))
    return 0


def main_of(arguments: list[str]) -> int:
    return subprocess.run([sys.executable, "-m", "bench", *arguments]).returncode


def flags(args: argparse.Namespace) -> list[str]:
    without = ["--without", *args.without] if args.without else []
    return [args.name, "--only", args.only, *without, *(["--quick"] if args.quick else [])]


def measure(args: argparse.Namespace) -> int:
    """On as many processors as there are threads, which is the only limit that every peer obeys."""
    (count,) = args.threads
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    from bench.harness import Run

    run = Run(args.name, quick=args.quick, threads=count, only=args.only, without=args.without)
    importlib.import_module(f"bench.{args.name}").run(run)
    run.write(args.rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
