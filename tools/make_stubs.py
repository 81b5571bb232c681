#!/usr/bin/env python3
"""Writes python/tilestack/_core.pyi, the types of the compiled module, from the installed tilestack.

python tools/make_stubs.py      (needs the dependency group lint)
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "python" / "tilestack" / "_core.pyi"
SHORTER = {
    "typing.SupportsInt | typing.SupportsIndex": "int",
    "typing.SupportsFloat | typing.SupportsIndex": "float",
    "collections.abc.Sequence": "Sequence",
    "collections.abc.Callable": "Callable[..., typing.Any]",
    "self: numpy.dtype[typing.Any]": "self",
    "tilestack._core.": "",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pybind11_stubgen", "tilestack._core", "-o", folder]
        subprocess.run(command, check=True)
        text = (Path(folder) / "tilestack" / "_core.pyi").read_text()
    for long, short in SHORTER.items():
        text = text.replace(long, short)
    # None is a default wherever an argument may be left out.
    text = re.sub(r": (Tensor|str) = None", r": \1 | None = None", text)
    text = text.replace("import collections.abc\n", "from collections.abc import Callable, Sequence\n")
    TARGET.write_text("# Written by tools/make_stubs.py. mypy: ignore-errors\n" + text)
    for verb in (["check", "--fix", "--quiet", "--exit-zero"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *verb, str(TARGET)], check=True)


if __name__ == "__main__":
    main()
