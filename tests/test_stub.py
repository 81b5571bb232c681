"""The types of the compiled module, as editors and mypy see them."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tilestack as ts

TOOL = Path(__file__).parents[1] / "tools" / "make_stub.py"
STUB = Path(ts.__file__).with_name("_core.pyi")


def made() -> str:
    tool = subprocess.run([sys.executable, TOOL, "--print"], capture_output=True, text=True)
    assert tool.returncode == 0, tool.stderr
    return tool.stdout


def test_stub_is_up_to_date() -> None:
    assert ast.unparse(ast.parse(made())) == ast.unparse(ast.parse(STUB.read_text())), (
        "run `python tools/make_stub.py` with the newly built module"
    )


def test_stub_has_all_names() -> None:
    tree = ast.parse(STUB.read_text())
    classes = {
        node.name: {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)} | set(classes)
    names |= {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)}
    assert not {name for name in dir(ts._core) if not name.startswith("__")} - names
    methods = {name for name, value in vars(ts.Tensor).items() if inspect.isroutine(value) and name[0] != "_"}
    assert not methods - classes["Tensor"]


def test_types_that_users_see(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is installed by `python3 dev.py setup`")
    (tmp_path / "use.py").write_text(
        "import tilestack as ts\n"
        "reveal_type(ts.relu(ts.ones(2, 3)) + 1)\n"
        "reveal_type(ts.zeros(2, dtype=ts.bool).shape)\n"
        "reveal_type(2 / ts.Tensor.float(ts.arange(3)))\n"
        "reveal_type(ts.ones(2).grad)\n"
        "ts.relu('x')\n"
        "ts.ones(2).float(3)\n"
    )
    command = [sys.executable, "-m", "mypy", "--cache-dir", tmp_path / "cache", "use.py"]
    package = Path(ts.__file__).parents[1]  # mypy finds what is installed, but refuses to be told of it
    paths = {} if package.name == "site-packages" else {"MYPYPATH": str(package)}
    tool = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, **paths})
    seen = [line.partition(" ")[2] for line in tool.stdout.splitlines()]
    assert [line.split('"')[1] for line in seen if "Revealed" in line] == [
        "tilestack._core.Tensor",
        "tuple[int, ...]",
        "tilestack._core.Tensor",
        "tilestack._core.Tensor | None",
    ], tool.stdout + tool.stderr
    assert [line.rpartition("[")[2] for line in seen if line.startswith("error")] == ["arg-type]", "call-arg]"]
