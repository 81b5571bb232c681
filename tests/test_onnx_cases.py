"""ONNX's single-operator cases, and models that a torch of old exported, through tilestack's functions.

Every case agrees in values and dtypes, or stands in a table with the error that tilestack gives or the reason why there
is nothing to call. pytest -m peers
"""

from __future__ import annotations

import collections
import functools
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tilestack as ts
from onnx_map import OPERATORS, NotMapped, run
from onnx_map.gaps import BEYOND, FORMS, REFUSED, ROUNDED

onnx = pytest.importorskip("onnx")
pytestmark = pytest.mark.peers

EXPANDED = "_expanded"  # the case's operator, as a graph of simpler ones


@functools.cache
def by_operator() -> dict[str, list[Any]]:
    """Cases by the one operator of their model; models of several are under "graphs"."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = collect_testcases(None)
    found = collections.defaultdict(list)
    for case in [*cases, *stored_cases()]:
        nodes = case.model.graph.node
        found[nodes[0].op_type if len(nodes) == 1 and EXPANDED not in case.name else "graphs"].append(case)
    return found


def stored_cases() -> list[Any]:
    from onnx import backend, numpy_helper
    from onnx.backend.test.case.test_case import TestCase

    def values(folder: Path, kind: str) -> list[Any]:
        found = []
        for i in range(len(list(folder.glob(f"{kind}_*.pb")))):
            message = (folder / f"{kind}_{i}.pb").read_bytes()
            tensor = onnx.TensorProto.FromString(message)
            found.append(numpy_helper.to_array(tensor) if tensor.data_type else [])
        return found

    cases = []
    root = Path(backend.__file__).parent / "test" / "data"
    for path in sorted(root.glob("*/*/model.onnx")):
        if path.parts[-3] not in ("pytorch-converted", "pytorch-operator", "simple"):
            continue
        data = [
            (values(folder, "input"), values(folder, "output"))
            for folder in sorted(path.parent.glob("test_data_set_*"))
        ]
        name = path.parent.name
        cases.append(TestCase(name, name, "", "", onnx.load(path), data, path.parts[-3], rtol=1e-3, atol=1e-7))
    return cases


# Beside torch's rounding: ONNX's references round each step of a formula in float16 and bfloat16.
TOLERANCE = {"float32": (1e-4, 1e-5), "float64": (1e-6, 1e-7), "float16": (4e-3, 4e-3), "bfloat16": (2e-2, 2e-2)}


def differs(found: Any, wanted: Any, rounded: bool) -> str:
    """What is wrong with a result, or nothing."""
    if not isinstance(found, ts.Tensor):
        return f"{type(found).__name__} in place of a tensor"
    wanted = np.asarray(wanted)
    name = wanted.dtype.name
    if found.dtype.name != name:
        return f"dtype {found.dtype.name}, wanted {name}"
    if tuple(found.shape) != wanted.shape:
        return f"shape {tuple(found.shape)}, wanted {wanted.shape}"
    values = found.to(ts.float32).numpy() if name == "bfloat16" else found.numpy()
    if name not in TOLERANCE:
        return "" if np.array_equal(values, wanted) else f"values differ: {values.ravel()[:8]}, {wanted.ravel()[:8]}"
    rtol, atol = (0, 1e-4) if rounded else TOLERANCE[name]
    wanted = wanted.astype(np.float64)
    if np.allclose(values.astype(np.float64), wanted, rtol, atol, equal_nan=True):
        return ""
    with np.errstate(invalid="ignore"):
        return f"values differ by {np.nanmax(np.abs(values - wanted))}"


def expected(name: str, table: dict[str, str]) -> str | None:
    return next((why for pattern, why in table.items() if re.fullmatch(pattern, name)), None)


def problem(case: Any, counts: collections.Counter) -> str:
    """What is wrong with a case; agreement, refusals and gaps are counted."""
    refusal, form = expected(case.name, REFUSED), expected(case.name, FORMS)
    for inputs, outputs in case.data_sets:
        try:
            results = run(case.model, inputs)
        except NotMapped as reason:
            counts["not mapped"] += 1
            if str(reason).startswith(("dtype", "operator", "sequences")):
                return ""
            return "" if form and re.search(form, str(reason)) else f"not mapped, and not in FORMS: {reason}"
        except (ValueError, TypeError, IndexError, RuntimeError) as error:
            counts["refused"] += 1
            return "" if refusal and re.search(refusal, str(error)) else f"{type(error).__name__}: {error}"
        if refusal or form:
            return "works, although the tables say that it does not"
        for found, wanted in zip(results, outputs, strict=True):
            wrong = differs(found, wanted, case.name in ROUNDED)
            if wrong:
                return wrong
    counts["agree"] += 1
    return ""


def check(cases: list[Any]) -> None:
    counts: collections.Counter = collections.Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of onnx and of numpy on extreme values
        problems = {case.name: problem(case, counts) for case in cases}
    problems = {name: text for name, text in problems.items() if text}
    print(dict(counts))
    assert not problems, "\n".join(f"{name}: {text}" for name, text in problems.items())


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_operator(name: str) -> None:
    cases = by_operator().get(name, [])
    if not cases:
        pytest.skip("onnx has no case of this operator alone")
    check(cases)


def test_graphs() -> None:
    """Models of several operators, those of torch's exports among them."""
    check(by_operator()["graphs"])


def test_every_operator_is_mapped_or_explained() -> None:
    known = {*OPERATORS, *BEYOND, "graphs"}
    unknown = sorted(set(by_operator()) - known)
    assert not unknown, f"map these in onnx_map, or say in onnx_map.gaps why not: {', '.join(unknown)}"
    mapped = sorted(set(BEYOND) & set(OPERATORS))
    assert not mapped, f"onnx_map.gaps says that there are no {', '.join(mapped)}"
