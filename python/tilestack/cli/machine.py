"""What there is to know of the machine, without asking anything but the system."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def processor() -> str:
    """Its name as the system gives it."""
    for key in ("model name", "Hardware", "cpu model"):
        for line in _lines("/proc/cpuinfo"):
            if line.partition(":")[0].strip() == key:
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory() -> tuple[int, int]:
    """Total and available bytes; (0, 0) where the system does not say."""
    sizes = {line.partition(":")[0]: line.partition(":")[2].split() for line in _lines("/proc/meminfo")}
    total, available = (int(sizes[name][0]) * 1024 if name in sizes else 0 for name in ("MemTotal", "MemAvailable"))
    return total or _sysconf_memory(), available


def memory_limit() -> int:
    """The cgroup's limit in bytes; 0 without one."""
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        for line in _lines(name):
            if line.strip().isdigit() and int(line) < 2**60:
                return int(line)
    return 0


def huge_pages() -> str:
    """The mode of transparent huge pages: always, madvise or never; "" where there are none."""
    for line in _lines("/sys/kernel/mm/transparent_hugepage/enabled"):
        return line[line.find("[") + 1 : line.find("]")]
    return ""


def _sysconf_memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text("utf-8", "replace").splitlines()
    except OSError:
        return []


def facts() -> list[tuple[str, str]]:
    """What a run's speed depends on."""
    import numpy as np

    import tilestack as ts

    return [
        ("Processor", processor()),
        ("Instruction set", ts.isa()),
        ("Threads", f"{ts.get_num_threads()} ({ts.num_threads_reason()})"),
        ("Software", f"tilestack {ts.__version__}, Python {platform.python_version()}, numpy {np.__version__}"),
    ]
