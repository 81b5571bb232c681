"""Times contenders in turn, so that a noisy neighbour hits all of them alike, and keeps medians."""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tilestack as ts

ROOT = Path(__file__).parent
Contenders = dict[str, Callable[[], Any]]


def machine() -> dict[str, Any]:
    """What a result depends on besides the code."""
    names = [line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cpus": ts.available_cpus(),
        "isa": ts.isa(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "commit": _git("rev-parse", "--short", "HEAD") + ("+" if _git("status", "--porcelain", "--", "csrc") else ""),
        "date": time.strftime("%Y-%m-%d"),
        "peers": {name: version for name in ("numpy", "torch") if (version := _version(name))},
    }


def peak() -> dict[str, Any]:
    """FMA rate and copy bandwidth of one core, measured by peak.cpp; empty where there is no compiler."""
    with tempfile.TemporaryDirectory() as folder:
        binary = str(Path(folder) / "peak")
        build = ["c++", "-O3", "-march=native", "-std=c++20", str(ROOT / "peak.cpp"), "-o", binary]
        try:
            subprocess.run(build, check=True, capture_output=True)
            return dict(json.loads(subprocess.run([binary], check=True, capture_output=True).stdout))
        except (OSError, subprocess.CalledProcessError):
            return {}


class Run:
    """One benchmark: collects rows, prints them as they come, saves them with the machine they were made on."""

    def __init__(self, name: str, *, quick: bool = False, threads: list[int] | None = None) -> None:
        self.name, self.quick = name, quick
        self.threads = threads or sorted({1, ts.available_cpus()})
        self.rows: list[dict[str, Any]] = []
        self.peak = peak()
        print(f"{name}: {machine()['processor']}, {ts.isa()}, peak of a core {self.peak}")

    def time(self, contenders: Contenders, *, seconds: float = 1.0) -> dict[str, float]:
        """Median seconds a call of each contender, called in turn for about `seconds` each."""
        budget = 0.05 if self.quick else seconds
        counts = {}
        for name, call in contenders.items():
            call()
            start = time.perf_counter()
            call()
            once = max(time.perf_counter() - start, 1e-7)
            counts[name] = max(1, int(budget / 15 / once))
        samples: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(3 if self.quick else 15):
            for name, call in contenders.items():
                start = time.perf_counter()
                for _ in range(counts[name]):
                    call()
                samples[name].append((time.perf_counter() - start) / counts[name])
        return {name: statistics.median(values) for name, values in samples.items()}

    def add(self, row: dict[str, Any]) -> None:
        """Keeps a row and prints it."""
        self.rows.append(row)
        print("  ".join(f"{key} {_shown(value)}" for key, value in row.items()), flush=True)

    def save(self) -> Path:
        path = ROOT / "results" / f"{self.name}.json"
        path.parent.mkdir(exist_ok=True)
        command = f"python -m bench {' '.join(sys.argv[1:])}"
        content = {"command": command, "machine": machine(), "peak": self.peak, "rows": self.rows}
        path.write_text(json.dumps(content, indent=1) + "\n")
        return path


def use_threads(n: int) -> None:
    """Sets the thread count of everyone that is loaded."""
    ts.set_num_threads(n)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(n)
    try:
        import threadpoolctl
    except ImportError:
        return
    threadpoolctl.threadpool_limits(n, user_api="blas")


def torch_or_none() -> Any:
    """The peer, if it is installed."""
    try:
        import torch
    except ImportError:
        return None
    return torch


def _shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _version(name: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
