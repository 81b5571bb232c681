"""The CUDA emulator's own tests: correct kernels pass under every schedule, injected bugs are caught."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent / "emulator"
SEEDS = {"plain": (0, 1, 2, 3, 6, 11), "race": (0, 3, 10), "asan": (0, 3, 10)}
MODES = {"kPlain": ("plain",), "kRace": ("race",), "kAsan": ("asan",), "kEverywhere": ("plain", "race", "asan")}

pytestmark = pytest.mark.skipif(
    not (shutil.which("cmake") and (os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++"))),
    reason="the emulator's tests need cmake and a C++ compiler",
)


def listed() -> list[tuple[str, str, tuple[int, ...]]]:
    """(mode, test, seeds), read from the TEST and BUG lines of the sources, so that collecting needs no build."""
    found = []
    for source in sorted(HERE.glob("*.cu")):
        for name in re.findall(r"^TEST\((\w+),", source.read_text(), re.M):
            found += [(mode, name, seeds) for mode, seeds in SEEDS.items()]
        for name, modes in re.findall(r"^BUG\((\w+), ([\w| ]+),", source.read_text(), re.M):
            wanted = sorted({mode for word in modes.split("|") for mode in MODES[word.strip()]})
            found += [(mode, name, (0,)) for mode in wanted]
    return found


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cached = os.environ.get("TILESTACK_EMULATOR_BUILD")
    folder = Path(cached) if cached else tmp_path_factory.mktemp("emulator")
    for command in (
        ["cmake", "-S", str(HERE), "-B", str(folder)],
        ["cmake", "--build", str(folder), "--parallel", str(len(os.sched_getaffinity(0)))],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder


@pytest.mark.parametrize(("mode", "name", "seeds"), listed(), ids=lambda value: value if isinstance(value, str) else "")
def test_emulator(build: Path, mode: str, name: str, seeds: tuple[int, ...]) -> None:
    command = [str(build / mode), name, "--seed", *map(str, seeds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not (HERE / "conformance.bin").exists(), reason="no GPU's results are recorded yet")
def test_conformance(build: Path) -> None:
    """Every instruction gives what a real GPU gave."""
    done = subprocess.run(
        ["cmake", "--build", str(build), "--target", "conformance"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    command = [str(build / "conformance"), "--compare", str(HERE / "conformance.bin")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
