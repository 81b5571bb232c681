#!/usr/bin/env python3
"""Checks that kernel objects can't leak code of one instruction set into what runs on a lesser processor.

    python tools/check_isa.py BUILD_FOLDER

An object of an instruction set may define one kind of global symbol: constant tables in its own namespace
(tilestack::avx2::relu). It has no weak symbols, for the linker keeps any one copy of those; no static initialisers, for
they run before the instruction set is chosen; and it needs nothing but what ALLOWED names. The linked module exports
nothing but its entry points.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

MATH = "|".join(
    "acos acosh asin asinh atan atan2 atanh cbrt ceil cos cosh erf erfc exp exp2 expm1 fabs floor fma fmax fmin fmod hypot ldexp "
    "lgamma llrint llround log log10 log1p log2 lrint lround nearbyint pow rint round sin sincos sinh sqrt tan tanh tgamma "
    "trunc".split()
)
ALLOWED = re.compile(
    rf"""
    tilestack::(run_\w+|scratch_\w+)\(.* | tilestack::has_(bfloat16|int8)_dot
    | mem(cpy|move|set|cmp) | ({MATH})f? | abort
    | _Unwind_Resume | __gxx_personality_v0 | __stack_chk_fail | _GLOBAL_OFFSET_TABLE_ | __tls_get_addr
    | __(ubsan|asan|sanitizer)_\w+
    """,
    re.VERBOSE,
)
UNWINDING = "DW.ref.__gxx_personality_v0"  # weak, but a mere pointer
EXPORTED = re.compile(r"PyInit_\w+|tilestack_\w+")


class Symbol(NamedTuple):
    name: str
    kind: str  # nm's letter


def output_of(*command: str, text: str | None = None) -> str:
    return subprocess.run(command, input=text, check=True, capture_output=True, text=True).stdout


def symbols(path: Path, *options: str) -> list[Symbol]:
    rows = [line.split() for line in output_of("nm", "--format=posix", *options, str(path)).splitlines()]
    names = output_of("c++filt", text="\n".join(row[0] for row in rows)).splitlines()
    return [Symbol(name, row[1]) for name, row in zip(names, rows, strict=True)]


def object_errors(path: Path, isa: str) -> list[str]:
    own = re.compile(rf"tilestack::{isa}::\w+")
    errors = []
    for name, kind in symbols(path):
        if name == UNWINDING:
            continue
        if kind in "wWvVu":
            errors.append(f"weak symbol: {name}")
        elif kind == "U":
            if not ALLOWED.fullmatch(name) and not own.fullmatch(name):
                errors.append(f"needs {name}")
        elif kind in "DR":
            if not own.fullmatch(name):
                errors.append(f"global data outside of tilestack::{isa}: {name}")
        elif kind.isupper():
            errors.append(f"global symbol that is no table ({kind}): {name}")
        elif name.startswith(("_GLOBAL__sub_I", "__cxx_global_var_init", "_GLOBAL__I_")):
            errors.append(f"static initialiser: {name}")
    sections = output_of("readelf", "-SW", str(path))
    errors += [
        f"section {name}: static initialisers" for name in re.findall(r"\.(?:init_array|ctors)\S*", sections)[:1]
    ]
    if not any(own.fullmatch(s.name) and s.kind in "DR" for s in symbols(path)):
        errors.append(f"defines no table in tilestack::{isa}")
    return errors


def module_errors(path: Path) -> list[str]:
    exported = [s.name for s in symbols(path, "-D", "--defined-only") if s.kind.isupper() or s.kind in "uvw"]
    foreign = [name for name in exported if not EXPORTED.fullmatch(name)]
    return [f"exports {len(foreign)} foreign symbols, such as {', '.join(foreign[:3])}"] if foreign else []


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    build = Path(arguments[0])
    checked: dict[str, int] = {}
    errors = []
    for path in sorted(build.rglob("kernels_*.dir/**/*.o")):
        isa = next(part for part in path.parts if part.startswith("kernels_"))[len("kernels_") : -len(".dir")]
        checked[isa] = checked.get(isa, 0) + 1
        errors += [f"{isa}: {path.name}: {error}" for error in object_errors(path, isa)]
    for path in build.glob("_core*.so"):
        checked["module"] = 1
        errors += [f"{path.name}: {error}" for error in module_errors(path)]
    if not checked:
        errors.append(f"{build}: no kernel objects found")
    print(
        "\n".join(errors)
        or "kernel objects are clean: " + ", ".join(f"{n} {isa}" for isa, n in sorted(checked.items()))
    )
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
