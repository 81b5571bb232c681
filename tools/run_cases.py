#!/usr/bin/env python3
"""Runs the ops of tests/cases forward and backward, without comparing: something for memory checkers to watch."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import harness
from parity import contiguous, offset, transposed, variants_of

SMALL = 4000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="cases (default: all)")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--dtypes", default="float32,bfloat16,int32")
    parser.add_argument("--small", action="store_true", help=f"only samples of at most {SMALL} elements")
    args = parser.parse_args()
    cases, _ = harness.load_cases()
    done = 0
    for name, case in cases.items():
        if args.names and name not in args.names:
            continue
        for dtype in set(args.dtypes.split(",")) & set(case.dtypes):
            for variant in variants_of(case, dtype):
                if args.small and variant.numel > SMALL:
                    continue
                dys = variant.dys  # of the reference, on the CPU
                harness.use("cuda" if args.device == "cuda" else harness.BEST_ISA)
                for layout in (contiguous, offset, transposed):
                    variant.run(variant.tensors(layout), [layout(dy, dtype) for dy in dys])
                    done += 1
    print(f"{done} calls of {len(args.names) or len(cases)} cases on {args.device}")


if __name__ == "__main__":
    main()
