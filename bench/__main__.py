"""Command line of the benchmarks."""

from __future__ import annotations

import argparse
import importlib

from bench.harness import Run

NAMES = ("accuracy", "families", "gemm", "overhead", "startup", "train")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--quick", action="store_true", help="few repeats: a smoke test, not a measurement")
    parser.add_argument("--threads", type=int, nargs="+", help="thread counts to run with (default: 1 and all)")
    parser.add_argument("--save", action="store_true", help="write bench/results/NAME.json")
    args = parser.parse_args()
    run = Run(args.name, quick=args.quick, threads=args.threads)
    importlib.import_module(f"bench.{args.name}").run(run)
    if args.save:
        print("written:", run.save())


if __name__ == "__main__":
    main()
