"""tools/check_isa.py finds what it is there to find."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[1] / "tools" / "check_isa.py"
COMPILER = shutil.which("c++") or shutil.which("g++")
pytestmark = pytest.mark.skipif(
    not (TOOL.exists() and COMPILER and shutil.which("nm") and shutil.which("readelf")),
    reason="needs a compiler and binutils",
)

PREFIX = """
struct Table { void (*run)(float*); };
namespace tilestack { void run_chunks(long, void (*)(void*, long), void*); void choose(); }
namespace tilestack::avx2 { extern const Table op; extern const Table other; }
"""
GOOD = """
namespace tilestack::avx2 {
namespace {
void work(void* p, long) { *static_cast<float*>(p) += 1; }
void run(float* p) { run_chunks(2, work, p); other.run(p); }
}
constinit const Table op = {run};
}
"""
BAD = {
    "weak": (
        GOOD + "template <class T> T twice(T x) { return x + x; } template float twice(float);",
        "weak symbol: .*twice",
    ),
    "inline": (GOOD + "inline int shared = 1; int* use() { return &shared; }", "weak symbol: shared"),
    "function": (GOOD + "void open(float*) {}", "no table.*open"),
    "table elsewhere": (
        GOOD + "namespace tilestack::avx512 { extern const Table op; const Table op = {nullptr}; }",
        "outside.*avx512",
    ),
    "initialiser": (GOOD + "int f(); namespace { volatile int x = f(); }", "static initialiser"),
    "needs": (GOOD.replace("run_chunks(2, work, p)", "choose()"), "needs tilestack::choose"),
    "throws": (GOOD.replace("run_chunks(2, work, p)", "throw 1"), "needs __cxa_throw"),
    "no table": (
        "namespace { void f() {} } namespace tilestack::avx2 { namespace { [[maybe_unused]] void (*p)() = f; } }",
        "defines no table",
    ),
}


def run(folder: Path, source: str) -> tuple[int, str]:
    objects = folder / "CMakeFiles" / "kernels_avx2.dir" / "csrc"
    objects.mkdir(parents=True)
    (folder / "op.cpp").write_text(PREFIX + source)
    command = [
        COMPILER,
        "-std=c++20",
        "-O1",
        "-fPIC",
        "-w",
        "-c",
        str(folder / "op.cpp"),
        "-o",
        str(objects / "op_cpu.cpp.o"),
    ]
    subprocess.run(command, check=True)
    spec = importlib.util.spec_from_file_location("check_isa", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool.main([str(folder)])


def test_clean_object_passes(tmp_path: Path, capsys) -> None:
    assert run(tmp_path, GOOD) == 0, capsys.readouterr().out
    assert "1 avx2" in capsys.readouterr().out


@pytest.mark.parametrize("name", BAD)
def test_bad_objects_are_found(name: str, tmp_path: Path, capsys) -> None:
    source, message = BAD[name]
    assert run(tmp_path, source) == 1
    assert re.search(message, capsys.readouterr().out)


def test_empty_folder_fails(tmp_path: Path, capsys) -> None:
    spec = importlib.util.spec_from_file_location("check_isa", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.main([str(tmp_path)]) == 1
    assert "no kernel objects" in capsys.readouterr().out
