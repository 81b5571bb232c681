"""Times contenders in turn, so that a noisy neighbour hits all of them alike, and keeps medians."""

from __future__ import annotations

import json
import math
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tilestack as ts
from bench import peers

ROOT = Path(__file__).parent
# Seconds until the threads of the contender before have stopped spinning: measured, 50 to 96 ms of OpenBLAS's after a
# product, 40 of onnxruntime's, 5 of torch's.
SETTLE = 0.12
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
        "peers": {name: version for name in peers.NAMES if (version := _version(name))},
    }


def peaks(threads: int) -> dict[str, Any]:
    """What peak.cpp measures; empty where there is no compiler."""
    with tempfile.TemporaryDirectory() as folder:
        binary = str(Path(folder) / "peak")
        build = ["c++", "-O3", "-march=native", "-std=c++20", "-pthread", str(ROOT / "peak.cpp"), "-o", binary]
        try:
            subprocess.run(build, check=True, capture_output=True)
            return dict(json.loads(subprocess.check_output([binary, str(threads)])))
        except (OSError, subprocess.CalledProcessError):
            return {}


class Run:
    """One benchmark with one number of threads: times contenders, collects rows and prints them as they come."""

    def __init__(
        self, name: str, *, quick: bool = False, threads: int = 1, only: str = "", without: Sequence[str] = ()
    ) -> None:
        self.name, self.quick, self.threads, self.only, self.without = name, quick, threads, only, without
        self.rows: list[dict[str, Any]] = []
        self.peak = {} if quick else peaks(threads)
        use_threads(threads)
        print(f"{name}: {machine()['processor']}, {ts.isa()}, threads: {threads}, limits: {self.peak}", flush=True)

    def wants(self, name: str) -> bool:
        return self.only in name

    def has(self, contender: str) -> bool:
        return not any(word in contender.split() for word in self.without)

    def fma(self) -> float:
        """GFLOP/s in float32; 0 if not measured."""
        return float(self.peak.get("fma_gflops", 0))

    def bandwidth(self, moved: float) -> float:
        """GB/s of a copy that moves about so many bytes, half of them written; 0 if not measured."""
        copies = self.peak.get("copy_gbs", {})
        if not copies:
            return 0
        return float(copies[min(copies, key=lambda size: abs(math.log(moved / self.threads / 1024 / int(size))))])

    def time(self, contenders: Contenders, *, seconds: float = 0.6) -> dict[str, float]:
        """Median seconds a call of each contender, called in turn for about `seconds` each, at least 5 times."""
        seconds = 0.02 if self.quick else seconds
        contenders = {name: call for name, call in contenders.items() if self.has(name)}
        once = {name: self._once(call) for name, call in contenders.items()}
        rounds = 3 if self.quick else min(15, max(5, int(seconds / max(once.values()))))
        samples: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, call in contenders.items():
                if self.threads > 1 and once[name] < 0.1:
                    time.sleep(SETTLE)
                    call()
                count = max(1, int(seconds / rounds / once[name]))
                start = time.perf_counter()
                for _ in range(count):
                    call()
                samples[name].append((time.perf_counter() - start) / count)
        return {name: statistics.median(values) for name, values in samples.items()}

    @staticmethod
    def _once(call: Callable[[], Any]) -> float:
        call()
        start = time.perf_counter()
        call()
        return max(time.perf_counter() - start, 1e-7)

    def add(self, row: dict[str, Any]) -> None:
        """Keeps a row and prints it."""
        row = {"threads": self.threads, **row}
        self.rows.append(row)
        print("  ".join(f"{key} {_shown(value)}" for key, value in row.items()), flush=True)

    def add_compared(self, row: dict[str, Any], rates: dict[str, float]) -> None:
        """Adds rates, of which more is better, and the ratio to the best of the peers."""
        others = [rate for name, rate in rates.items() if name != "tilestack"]
        ratio = {"of_best_peer": rates["tilestack"] / max(others)} if others else {}
        self.add({**row, **rates, **ratio})

    def write(self, path: Path) -> None:
        path.write_text(json.dumps({"machine": machine(), "peak": self.peak, "rows": self.rows}))


def save(name: str, parts: list[Path]) -> Path:
    """Joins what the runs of a benchmark wrote as bench/results/NAME.json."""
    runs = [json.loads(part.read_text()) for part in parts]
    content = {
        "command": f"python -m bench {' '.join(sys.argv[1:])}",
        "machine": runs[0]["machine"],
        "peak": {str(run["rows"][0]["threads"]): run["peak"] for run in runs},
        "rows": [row for run in runs for row in run["rows"]],
    }
    path = ROOT / "results" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path


def use_threads(n: int) -> None:
    """Sets the thread count of everyone; jax has no such knob: it takes the cores that the process may run on."""
    ts.set_num_threads(n)
    if torch := peers.find("torch"):
        torch.set_num_threads(n)
    if threadpoolctl := peers.find("threadpoolctl"):
        threadpoolctl.threadpool_limits(n, user_api="blas")


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
