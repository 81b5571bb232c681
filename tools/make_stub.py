#!/usr/bin/env python3
"""Write python/tilestack/_core.pyi, the types of the compiled module, from the signatures that pybind11 leaves in it.

python tools/make_stub.py           writes the file; wants ruff
python tools/make_stub.py --print   shows it unformatted
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import keyword
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

STUB = Path(__file__).parents[1] / "python" / "tilestack" / "_core.pyi"
COMPOSED = STUB.parent / "composed"
# Tensor has methods and properties named float, int, bool, dtype and device, and tilestack.bool is a dtype.
HEADER = '''"""Written by tools/make_stub.py."""

import builtins
from collections.abc import Callable, Iterator, Sequence
from typing import Any, SupportsFloat, SupportsIndex, TypeAlias, overload

import numpy
from typing_extensions import Buffer, Self

from tilestack._hooks import RemovableHandle

_DType: TypeAlias = dtype
_DTypeLike: TypeAlias = dtype | str | type[Any] | numpy.dtype[Any]
_Device: TypeAlias = device
_Number: TypeAlias = builtins.float | numpy.generic
_Operand: TypeAlias = Tensor | _Number | numpy.ndarray[Any, Any]
_Sizes: TypeAlias = SupportsIndex | Sequence[SupportsIndex]
'''
ARGUMENTS = {  # what they accept, which is more than they return
    r"Tensor \| float \| int \| bool": "_Operand",
    r"float \| int \| bool": "_Number",
    r"tuple\[int, \.\.\.\]": "_Sizes",
    r"\bdtype\b": "_DTypeLike",
}
ALL = {
    r"(tilestack\.)?\b_core\.": "",
    r"\b(ValuesIndices|MinMax)\b": "Any",
    r"typing\.SupportsInt( \| typing\.SupportsIndex)?": "SupportsIndex",
    r"typing\.SupportsFloat( \| typing\.SupportsIndex)?": "SupportsFloat",
    r"collections\.abc\.|typing_extensions\.|typing\.": "",
    r"\bdtype\b": "_DType",
    r"\bdevice\b": "_Device",
    r"\b(int|float|bool)\b": r"builtins.\1",
    r"\b(object|(types\.)?CapsuleType)\b": "Any",
    r"\bnumpy\.ndarray\b": "numpy.ndarray[Any, Any]",
    r"\bCallable\b(?!\[)": "Callable[..., Any]",
    r"\bIterator\b(?!\[)": "Iterator[Any]",
    r"\b(list|tuple)\b(?!\[)": {"list": "list[Any]", "tuple": "tuple[Any, ...]"},
    r"\bdict\b(?!\[)": "dict[str, Any]",
}
# What a signature can't say.
OPTIONAL = {"c0", "running_mean", "running_var"}  # may be None, though they have no default
RESULTS = {
    "Tensor.grad": "Tensor | None",
    "Tensor.__iter__": "Iterator[Tensor]",
    **dict.fromkeys(("unbind", "split", "chunk"), "tuple[Tensor, ...]"),
    **dict.fromkeys(("Tensor.unbind", "Tensor.split", "Tensor.chunk"), "tuple[Tensor, ...]"),
    **dict.fromkeys(("Tensor.__eq__", "Tensor.__ne__"), "Tensor"),
}
INHERITED = {"__class__", "__doc__", "__module__", "__new__", "__hash__", "__getstate__", "_pybind11_conduit_v1_"}


def main() -> int:
    text = stub(load())
    if sys.argv[1:] == ["--print"]:
        print(text)
        return 0
    STUB.write_text(text)
    return subprocess.run([sys.executable, "-m", "ruff", "format", STUB]).returncode


def load() -> ModuleType:
    """The module alone, before the package adds methods in Python."""
    package = importlib.util.find_spec("tilestack")
    places = [Path(place) for place in (package and package.submodule_search_locations) or ()]
    for path in (path for place in places for path in sorted(place.glob("_core.*"))):
        if path.suffix in (".so", ".pyd"):
            spec = importlib.util.spec_from_file_location("tilestack._core", path)
            assert spec
            assert spec.loader
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    sys.exit("make_stub: tilestack is not installed")


def stub(module: ModuleType) -> str:
    lines = [HEADER]
    values = {name: value for name, value in sorted(vars(module).items()) if not name.startswith("__")}
    for name, value in {"__version__": module.__version__, **values}.items():
        if inspect.isclass(value):
            lines += class_lines(name, value)
        elif callable(value):
            lines += functions(name, name, value.__doc__)
        else:
            lines.append(f"{name}: {type(value).__name__}")
    return "\n".join(lines) + "\n"


def class_lines(name: str, cls: type) -> Iterator[str]:
    bases = [base.__name__ for base in cls.__bases__ if base.__name__ not in ("object", "pybind11_object")]
    yield f"class {name}" + (f"({', '.join(bases)}):" if bases else ":")
    body = []
    for key, value in sorted(vars(cls).items()):
        if key in INHERITED:
            continue
        value = getattr(cls, key)
        if isinstance(value, property):
            body += property_lines(f"{name}.{key}", key, value)
        elif value is None or isinstance(value, int):
            body.append(f"{key}: {'None' if value is None else 'builtins.int'}")
        elif "(" in (value.__doc__ or "") and value.__doc__.startswith(f"{key}("):
            body += functions(f"{name}.{key}", key, value.__doc__)
    if name == "Tensor":
        body += composed_methods()
    yield from ("    " + line for line in body or ["..."])


def composed_methods() -> Iterator[str]:
    """What tilestack.composed and tilestack._hooks add to Tensor in Python."""
    paths = [*sorted(COMPOSED.glob("*.py")), COMPOSED.parent / "_hooks.py"]
    trees = {path.stem: ast.parse(path.read_text()) for path in paths}
    lists = {
        node.targets[0].id: [part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant)]
        for node in trees.pop("__init__").body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for tree in trees.values():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name[0] != "_" and node.name not in lists["NO_METHODS"]:
                arguments = ", ".join(parameters(node.args, method=True))
                yield f"def {node.name}({arguments}) -> {result(node.name, node)}: ..."
    for name in lists["IN_PLACE"]:
        yield f"def {name}_(self, *args: Any, **kwargs: Any) -> Tensor: ..."


def property_lines(path: str, name: str, value: property) -> Iterator[str]:
    returned = ast.parse(f"def f{(value.fget.__doc__ or '').strip()}: ...").body[0]
    assert isinstance(returned, ast.FunctionDef)
    kind = result(path, returned)
    yield "@builtins.property"
    yield f"def {name}(self) -> {kind}: ..."
    if value.fset:
        yield f"@{name}.setter"
        yield f"def {name}(self, value: {kind}, /) -> None: ..."


def functions(path: str, name: str, doc: str | None) -> Iterator[str]:
    """One definition, or one for each overload."""
    found = re.findall(rf"^(?:\d+\. )?({re.escape(name)}\(.*\) -> .*)$", doc or "", re.MULTILINE)
    assert found, f"{path}: no signature in {doc!r}"
    for signature in found:
        if len(found) > 1:
            yield "@overload"
        yield definition(path, signature)


def definition(path: str, signature: str) -> str:
    signature = re.sub(r"\b(\w+)(?=: )", lambda m: m[1] + "_" * keyword.iskeyword(m[1]), signature)
    signature = re.sub(r"= <[^>]*>", "= ...", signature)
    node = ast.parse(f"def {signature}: ...").body[0]
    assert isinstance(node, ast.FunctionDef)
    method = "." in path
    itself = method and ast.unparse(node.args.args[0].annotation or ast.Constant(0)) == "object"  # returns its self
    returns = "Self" if itself and ast.unparse(node.returns or ast.Constant(0)) == "object" else result(path, node)
    ignore = "  # type: ignore[override]" if node.name in ("__eq__", "__ne__") else ""
    return f"def {node.name}({', '.join(parameters(node.args, method))}) -> {returns}: ...{ignore}"


def parameters(args: ast.arguments, method: bool) -> Iterator[str]:
    if method:
        yield "self"
    named = args.args[method:]
    defaults: list[ast.expr | None] = [None] * (len(args.args) - len(args.defaults)) + list(args.defaults)
    unnamed = [i for i, arg in enumerate(named) if re.fullmatch(r"arg\d+|\w+_", arg.arg)]  # can't be given by name
    for i, (arg, default) in enumerate(zip(named, defaults[method:], strict=True)):
        yield parameter(arg, default)
        if unnamed and i == unnamed[-1]:
            yield "/"
    if args.vararg:
        yield f"*{args.vararg.arg}: Any"
    elif args.kwonlyargs:
        yield "*"
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        yield parameter(arg, default)
    if args.kwarg:
        yield f"**{args.kwarg.arg}: Any"


def parameter(arg: ast.arg, default: ast.expr | None) -> str:
    kind = translated(translated(ast.unparse(arg.annotation) if arg.annotation else "Any", ARGUMENTS), ALL)
    value = ast.unparse(default) if default else ""
    if (value == "None" or arg.arg in OPTIONAL) and "None" not in kind and kind != "Any":
        kind += " | None"
    return f"{arg.arg}: {kind}" + (f" = {value}" if value else "")


def result(path: str, node: ast.FunctionDef) -> str:
    return RESULTS.get(path) or translated(ast.unparse(node.returns) if node.returns else "Any", ALL)


def translated(kind: str, rules: dict[str, Any]) -> str:
    for pattern, by in rules.items():
        kind = re.sub(pattern, by if isinstance(by, str) else lambda m, by=by: by[m[0]], kind)
    return kind


if __name__ == "__main__":
    sys.exit(main())
