"""Options of `tilestack depth`."""

from __future__ import annotations

import argparse
from typing import Any

from . import _at_least, _Parser

DEPTHS = (2, 5, 10, 20, 50, 100, 300, 1000)
QUICK_DEPTHS, QUICK_STEPS = (2, 10, 30), 120
STEPS = 300


def add_depth(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "depth",
        help="show on digits how deep nets learn, and which do not",
        description="Train nets of 2 to 1,000 layers on handwritten digits, with sigmoid or ReLU, with naive, Xavier's or He's "
        "initialisation, with and without residual connections and norms, and show which learn, and what becomes of their "
        "gradients. A kind of net that fails at 50 layers or more is not tried deeper, but with --full. Writes report.html and "
        "depth.csv.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--depths", nargs="+", type=_at_least(2), metavar="N", help="layers (default: 2 5 10 20 50 100 300 1000)")
    add("--steps", type=_at_least(1), metavar="N", help=f"updates of each net (default: {STEPS})")
    add("--quick", action="store_true", help="only 2, 10 and 30 layers, and fewer steps: some seconds")
    add("--full", action="store_true", help="try every depth with every kind of net, also where less depth failed")
    add("--width", type=_at_least(1), default=64, metavar="N", help="units of a layer (default: 64)")
    add("--lr", type=_at_least(0, float), default=0.03, metavar="RATE", help="learning rate (default: 0.03)")
    add("--batch-size", type=_at_least(1), default=64, metavar="N", help="images a step (default: 64)")
    add("--seed", type=_at_least(0), default=0, metavar="S", help="the same seed gives the same nets (default: 0)")
    add(
        "--data",
        metavar="DIR",
        help="folder with the IDX files of MNIST or its like (default: the digits in tilestack)",
    )
    add("--out", default="runs/depth", metavar="DIR", help="folder for the results (default: %(default)s)")
    add("--jobs", type=_at_least(1), metavar="N", help="nets at a time, a process each (default: one a processor)")
    parser.set_defaults(run=_depth)


def _depth(args: Any) -> int:
    from .depth import depth

    return depth(args)
