"""What a file of tests/cases says about an op, and arrays and tensors made from it."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import tilestack as ts

# What runs the tests: the instruction sets of this machine, and its GPU. TILESTACK_TEST_BACKENDS names some of them.
BACKENDS = [*ts._core.isas(), *(["cuda"] if ts.cuda.is_available() else [])]
if os.environ.get("TILESTACK_TEST_BACKENDS"):
    BACKENDS = os.environ["TILESTACK_TEST_BACKENDS"].split(",")
BEST_ISA = ts._core.isa()

FLOATS = ("float32", "float64", "bfloat16", "float16")
INTS = ("int64", "int32", "int8", "uint8")
ALL = (*FLOATS, *INTS, "bool")


_device = "cpu"


def backend() -> str:
    """What kernels run on: an instruction set, or "cuda"."""
    return "cuda" if _device == "cuda" else str(ts._core.isa())


def use(name: str) -> None:
    """Tensors made from now on, and the kernels on them, are on this backend."""
    global _device
    _device = "cuda" if name == "cuda" else "cpu"
    ts._core.set_isa(BEST_ISA if name == "cuda" else name)


@dataclass(eq=False)
class Case:
    """An op's spec: what it computes and for which inputs.

    A sample is a tuple with one item for each input:
      a tuple of ints     a shape; a random array in the dtype under test, already rounded to it
      an array            passed as it is; float arrays are cast to the dtype under test
      callable(rng)       makes such an array
      None, a number      passed as it is
    and, if it ends in a dict, parameters that override `params` (take their place where those are several).
    """

    op: Callable[..., Any]  # called as op(*inputs, **params)
    reference: Callable[..., Any]  # the same call on numpy arrays: floats as float64, integers as int64, bool as bool
    samples: Sequence[tuple[Any, ...]]
    params: Mapping[str, Any] | Sequence[Mapping[str, Any]] = field(
        default_factory=dict
    )  # several: each with every sample
    dtypes: Sequence[str] = FLOATS
    grad: bool | tuple[int, ...] = True  # inputs that have gradients; True: each float input that is given by its shape
    low: float | None = None  # random values are uniform in [low, high), standard normal without
    high: float | None = None
    tolerance: Mapping[str, tuple[float, float]] = field(
        default_factory=dict
    )  # dtype -> (rtol, atol) in place of the default
    result_dtype: str | None = None  # of the result, where it does not follow from the inputs' and the reference's
    name: str = ""  # of tests; the file's name by default, numbered where a file has several cases
    bytes_moved: Callable[..., float] | None = None  # of the arrays in the dtype under test, and of params
    flops: Callable[..., float] | None = None
    bench: Sequence[tuple[Any, ...]] = ()  # samples of real size for the benchmark

    def variants(
        self, samples: Sequence[tuple[Any, ...]] | None = None
    ) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        """Every sample with every set of parameters."""
        several = not isinstance(self.params, Mapping)
        choices = [dict(p) for p in self.params] if several else [dict(self.params)]
        found = []
        for sample in self.samples if samples is None else samples:
            if sample and isinstance(sample[-1], dict):
                found.append((sample[:-1], sample[-1] if several else {**choices[0], **sample[-1]}))
            else:
                found += [(sample, choice) for choice in choices]
        return found

    def grad_inputs(self, sample: tuple[Any, ...], dtype: str) -> tuple[int, ...]:
        if not self.grad or dtype not in FLOATS:
            return ()
        if self.grad is True:
            return tuple(i for i, item in enumerate(sample) if is_shape(item))
        return tuple(i for i in self.grad if i < len(sample) and sample[i] is not None)


def is_shape(item: Any) -> bool:
    return isinstance(item, tuple)


def load_cases() -> tuple[dict[str, Case], dict[str, Exception]]:
    """All cases by name, and the files that could not be imported with the reason."""
    cases, broken = {}, {}
    for path in sorted((Path(__file__).parent / "cases").glob("[!_]*.py")):
        spec = importlib.util.spec_from_file_location(f"cases.{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as error:  # reported by test_cases.py; the other cases still run
            broken[path.stem] = error
            continue
        here = module.cases if hasattr(module, "cases") else [module.case]
        for number, case in enumerate(here):
            case.name = case.name or (path.stem if len(here) == 1 else f"{path.stem}-{number}")
            cases[case.name] = case
    return cases, broken


def rounded(values: np.ndarray, dtype: str) -> np.ndarray:
    """The nearest values that dtype holds, as float64 (int64, bool)."""
    if dtype == "bfloat16":
        bits = np.asarray(values, np.float32).view(np.uint32)
        bits = (bits + (0x7FFF + ((bits >> 16) & 1)).astype(np.uint32)) & np.uint32(0xFFFF0000)
        return np.asarray(bits, np.uint32).view(np.float32).astype(np.float64)
    if dtype in FLOATS:
        with np.errstate(over="ignore"):
            return np.asarray(values).astype(dtype).astype(np.float64)
    return np.asarray(values).astype(dtype).astype(bool if dtype == "bool" else np.int64)


def random_array(rng: np.random.Generator, shape: tuple[int, ...], dtype: str, case: Case) -> np.ndarray:
    if dtype == "bool":
        return np.asarray(rng.random(shape) < 0.5)
    if dtype in INTS:  # small, so that sums and products fit; zero would divide
        low, high = (1, 10) if dtype == "uint8" else (-5, 6)
        low, high = (low if case.low is None else int(case.low)), (high if case.high is None else int(case.high))
        return np.asarray(rng.integers(low, high, shape))
    if case.low is None:
        return rounded(rng.standard_normal(shape), dtype)
    return rounded(rng.uniform(case.low, case.high, shape), dtype)


def make_inputs(case: Case, sample: tuple[Any, ...], dtype: str, seed: int = 0) -> list[Any]:
    """The arguments of the reference: float64, int64 and bool arrays, numbers and None. The same for every dtype up to
    rounding."""
    rng = np.random.default_rng(seed)
    inputs: list[Any] = []
    for item in sample:
        if is_shape(item):
            inputs.append(random_array(rng, item, dtype, case))
            continue
        item = item(rng) if callable(item) else item
        if isinstance(item, np.ndarray) and item.dtype.kind == "f":
            item = rounded(item, dtype if dtype in FLOATS else "float32")
        inputs.append(item)
    return inputs


def dtype_of(value: np.ndarray, dtype: str, item: Any) -> str:
    """The dtype in which an op under test gets an input: its own for arrays of integers that the case gives as such."""
    if is_shape(item) or value.dtype.kind == "f":
        return dtype if dtype in FLOATS or is_shape(item) else "float32"
    return value.dtype.name


def to_tensor(values: np.ndarray, dtype: str) -> ts.Tensor:
    if dtype == "bfloat16":
        x = ts.from_numpy(np.array(values, np.float32)).to(ts.bfloat16)
    else:
        x = ts.from_numpy(np.array(values, dtype))
    return x if _device == "cpu" else x.to(_device)


def to_array(x: ts.Tensor) -> np.ndarray:
    """float64, int64 or bool values of a tensor."""
    x = x.detach().cpu()
    if x.dtype == ts.bfloat16:
        x = x.to(ts.float32)
    values = x.numpy()
    return values.astype(np.float64 if values.dtype.kind == "f" else bool if values.dtype.kind == "b" else np.int64)
