"""Parity of every op with its case: each sample, dtype and instruction set, and on the GPU. Names no op."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tilestack as ts
from harness import BACKENDS, FLOATS, load_cases, to_array
from parity import (
    LARGE,
    Variant,
    channels_last,
    contiguous,
    expanded,
    offset,
    repeated_variants_of,
    same_bits,
    sliced,
    transposed,
    variants_of,
)
from slopes import check_slopes

CASES, BROKEN = load_cases()
OPS = sorted(path.name for path in (Path(__file__).parents[1] / "csrc" / "ops").glob("*") if path.is_dir())
PAIRS = [pytest.param(case, dtype, id=f"{name}-{dtype}") for name, case in CASES.items() for dtype in case.dtypes]
FLOAT_PAIRS = [pair for pair in PAIRS if pair.values[1] in FLOATS]
GRAD_PAIRS = [pair for pair in FLOAT_PAIRS if pair.values[0].grad]

each_pair = pytest.mark.parametrize(("case", "dtype"), PAIRS, scope="module")
each_grad_pair = pytest.mark.parametrize(("case", "dtype"), GRAD_PAIRS, scope="module")
each_backend = pytest.mark.parametrize("backend", BACKENDS, indirect=True)


def tensors(arrays: list[np.ndarray], dtype: str, layout=contiguous) -> list[ts.Tensor]:
    return [layout(x, dtype) for x in arrays]


@pytest.mark.parametrize("op", sorted({*OPS, *BROKEN}))
def test_op_has_a_case(op: str) -> None:
    assert op not in BROKEN, f"tests/cases/{op}.py: {BROKEN[op]!r}"
    assert any(name.split("-")[0] == op for name in CASES), f"tests/cases/{op}.py is missing"


@pytest.mark.parametrize("op", OPS)
def test_op_is_in_the_package(op: str) -> None:
    names = (op, f"{op}_")  # some only write in place
    assert any(hasattr(place, name) for place in (ts, ts.Tensor, ts.nn.functional) for name in names), (
        f"{op} is not to be found by its name"
    )


@pytest.mark.parametrize("name", CASES)
def test_case_covers_the_corners(name: str) -> None:
    """Empty, length 1, not a multiple of any vector, and several chunks."""
    variants = variants_of(CASES[name], CASES[name].dtypes[0])
    shapes = [x.shape for v in variants for x in v.arrays]
    assert any(0 in shape for shape in shapes), "no sample is empty"
    assert any(1 in shape for shape in shapes), "no sample has length 1"
    assert any(size % 2 and size > 4 for shape in shapes for size in shape), "no sample has an odd size above 4"
    assert max(v.numel for v in variants) >= 10_000, "no sample is large enough for several threads"


@each_backend
@each_pair
def test_forward(case, dtype: str, backend: str) -> None:
    for variant in variants_of(case, dtype):
        variant.check_results(variant.forward(variant.tensors()))


@each_backend
@each_grad_pair
def test_backward(case, dtype: str, backend: str) -> None:
    for variant in differentiable(variants_of(case, dtype)):
        inputs, dys = variant.tensors(), tensors(variant.dys, dtype)
        results, gradients = variant.run(inputs, dys)
        variant.check_results(results, "with gradients")
        variant.check_gradients(gradients)
        check_untouched(variant, inputs, dys)
        if len(variant.grads) > 1 and variant.numel <= LARGE:
            for i in variant.grads:
                variant.check_gradients(variant.run(inputs, dys, (i,))[1], "alone", (i,))


def differentiable(variants: list[Variant]) -> list[Variant]:
    return [variant for variant in variants if variant.grads]


def check_untouched(variant: Variant, inputs: list, dys: list[ts.Tensor]) -> None:
    now = [to_array(x) for x in (*inputs, *dys) if isinstance(x, ts.Tensor)]
    for number, (x, before) in enumerate(zip(now, (*variant.arrays, *variant.dys), strict=True)):
        assert same_bits(x, before.astype(x.dtype)), f"{variant}: argument {number} was written to"


@each_backend
@each_pair
def test_layouts(case, dtype: str, backend: str) -> None:
    for layout in (transposed, sliced, offset, channels_last):
        for variant in variants_of(case, dtype):
            if variant.numel <= LARGE and (layout is not channels_last or any(x.ndim == 4 for x in variant.arrays)):
                check_layout(variant, layout)
    for variant in repeated_variants_of(case, dtype):
        check_layout(variant, expanded)


def check_layout(variant: Variant, layout) -> None:
    name = layout.__name__
    variant.check_results(variant.forward(variant.tensors(layout)), name)
    if variant.grads:
        variant.check_gradients(
            variant.run(variant.tensors(layout), tensors(variant.dys, variant.dtype, layout))[1], name
        )


@each_backend
@each_pair
def test_same_bits_for_any_threads_and_alignment(case, dtype: str, backend: str) -> None:
    """Of the largest samples."""
    variants = sorted(variants_of(case, dtype), key=lambda v: v.numel)
    for variant in [v for v in variants if v.numel > LARGE] or variants[-1:]:
        wanted = bits_of(variant, contiguous)
        for threads in (1, 2, 3):
            ts.set_num_threads(threads)
            check_bits(variant, bits_of(variant, contiguous), wanted, f"with {threads} threads")
        check_bits(variant, bits_of(variant, offset), wanted, "at an odd address")


def bits_of(variant: Variant, layout) -> list[np.ndarray]:
    if not variant.grads:
        return [to_array(y) for y in variant.forward(variant.tensors(layout))]
    results, gradients = variant.run(variant.tensors(layout), tensors(variant.dys, variant.dtype, layout))
    return [to_array(y) for y in results] + gradients


def check_bits(variant: Variant, got: list[np.ndarray], wanted: list[np.ndarray], how: str) -> None:
    for number, (a, b) in enumerate(zip(got, wanted, strict=True)):
        if not same_bits(a, b):
            at = np.argwhere(a != b)
            raise AssertionError(f"{variant} {how}: result {number} differs in {len(at)} elements, first {at[:1]}")


@each_backend
@pytest.mark.parametrize(
    "case", [pytest.param(c, id=n) for n, c in CASES.items() if c.grad and "float64" in c.dtypes], scope="module"
)
def test_gradient(case, backend: str) -> None:
    """float64 gradients against differences of the reference, which has its values from the case, and of our forward."""
    for variant in differentiable(variants_of(case, "float64")):
        check_slopes(variant, variant.reference, "the reference")
        if variant.numel <= LARGE:
            check_slopes(variant, lambda x, v=variant: [to_array(y) for y in v.forward(v.tensors(inputs=x))], "forward")


@pytest.fixture(autouse=True)
def poisoned_memory():
    """Every new tensor holds NaN or garbage until it is written."""
    set_poison(True)
    threads = ts.get_num_threads()
    yield
    ts.set_num_threads(threads)
    set_poison(False)


def set_poison(on: bool) -> None:
    ts._core.set_poison(on)
    if "cuda" in BACKENDS:
        ts._core._cuda_set_poison(on)
