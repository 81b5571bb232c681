"""Cost of being there: import time beyond numpy's own, in milliseconds, and size on disk."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import tilestack as ts
from bench import peers
from bench.harness import Run


def seconds_of(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def run(run: Run) -> None:
    programs = {"numpy": "import numpy", "tilestack": "import numpy, tilestack"}
    if peers.find("torch"):
        programs["torch"] = "import numpy, torch"
    samples: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(2 if run.quick else 15):
        for name, code in programs.items():
            samples[name].append(seconds_of(code))
    base = statistics.median(samples.pop("numpy"))
    run.add(
        {
            "work": "import, ms beyond numpy",
            **{name: 1e3 * (statistics.median(values) - base) for name, values in samples.items()},
        }
    )
    folder = Path(ts.__file__).parent
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file() and "__pycache__" not in f.parts)
    run.add({"work": "installed, MB", "tilestack": size / 1e6})
