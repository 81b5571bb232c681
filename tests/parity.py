"""Expected results and gradients of a case, how far an op may be from them, and where it is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

import tilestack as ts
from harness import BEST_ISA, FLOATS, Case, backend, dtype_of, is_shape, make_inputs, rounded, to_array, to_tensor, use

Arrays = list[np.ndarray]

# Unit roundoff: the relative error of rounding once to the dtype. 16-bit floats are computed in float32.
ROUNDOFF = {"float64": 2.0**-53, "float32": 2.0**-24, "bfloat16": 2.0**-8, "float16": 2.0**-11}
SUBNORMAL = {"float64": 0.0, "float32": 2.0**-149, "bfloat16": 2.0**-133, "float16": 2.0**-25}
LARGE = 20_000  # elements of all inputs from which a sample counts as large: fewer perturbations, no layouts


def as_tuple(results: Any) -> tuple[Any, ...]:
    return tuple(results) if isinstance(results, (tuple, list)) else (results,)


def rms(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    return float(np.sqrt(np.mean(np.square(finite, dtype=np.float64)))) if finite.size else 0.0


def compute_roundoff(dtype: str) -> float:
    return ROUNDOFF["float64" if dtype == "float64" else "float32"]


def allowed_error(want: np.ndarray, spread: np.ndarray, length: int, dtype: str, scale: float = 0) -> np.ndarray:
    """One rounding of the result to its dtype, and then rounding errors of the computation, of unit roundoff c:
    8 c of the value itself; 4 c of the results' size (at least `scale`) for terms that cancel inside, as in 1 + erf(x);
    and c times the `spread` that relative errors of the inputs cause, as of a sum of terms of either sign. Accumulation
    over `length` terms grows errors as sqrt(length), since roundings are independent; the factors reach the largest of
    thousands."""
    c = compute_roundoff(dtype)
    size = np.abs(np.where(np.isfinite(want), want, 0))
    growth = min(64.0, length**0.5)
    own = (ROUNDOFF[dtype] + (8 + growth / 2) * c) * size
    return own + 4 * c * max(rms(want), scale) + (4 + 2 * growth) * c * spread + SUBNORMAL[dtype]


def spread_of(
    function: Callable[[Sequence[Any]], Arrays], inputs: Sequence[Any], base: Arrays, tries: int, repeat: bool = False
) -> Arrays:
    """How much the results change, for each, with independent relative changes of +-1 of the float inputs, to first order:
    root mean square of a few tries. repeat: in every other one repeated elements change together."""
    rng, step = np.random.default_rng(1), 2.0**-26

    def move(x: Any, together: bool) -> Any:
        if not isinstance(x, np.ndarray) or x.dtype.kind != "f":
            return x
        signs = np.asarray(rng.choice((-1.0, 1.0), x.shape))
        return np.asarray(x * (1 + step * (repeat_first(signs) if together else signs)))

    total = [np.zeros(y.shape) for y in base]
    for number in range(tries):
        moved = [move(x, repeat and number % 2 == 0) for x in inputs]
        for sum_, new, old in zip(total, function(moved), base, strict=True):
            with np.errstate(all="ignore"):
                sum_ += (
                    np.nan_to_num(((new - old) / step) ** 2, nan=0, posinf=0, neginf=0) if old.dtype.kind == "f" else 0
                )
    spreads = [np.sqrt(sum_ / tries) for sum_ in total]
    # Among many elements a few tries are all small for some by chance.
    return [np.maximum(s, 0.3 * rms(s)) if s.size > 1000 else s for s in spreads]


def difference(got: np.ndarray, want: np.ndarray, allowed: np.ndarray | float) -> str:
    """Empty if got is within `allowed` of want everywhere, NaN and infinities included; otherwise where it is worst."""
    if got.shape != want.shape:
        return f"shape {got.shape}, expected {want.shape}"
    allowed = np.broadcast_to(np.asarray(allowed, np.float64), want.shape)
    got, want = got.astype(np.float64), want.astype(np.float64)
    with np.errstate(all="ignore"):
        error = np.where((got == want) | (np.isnan(got) & np.isnan(want)), 0.0, np.abs(got - want))
        wrong = ~(error <= allowed)
        if not wrong.any():
            return ""
        excess = np.nan_to_num(np.where(wrong, error / np.maximum(allowed, 1e-300), 0), nan=np.inf)
    worst = np.unravel_index(np.argmax(excess), want.shape)
    return (
        f"{int(wrong.sum())} of {want.size} elements wrong, worst at {tuple(map(int, worst))}: got {got[worst]:.9g}, "
        f"expected {want[worst]:.9g}, error {error[worst]:.3g}, allowed {allowed[worst]:.3g}"
    )


def same_bits(got: np.ndarray, want: np.ndarray) -> bool:
    return got.shape == want.shape and got.tobytes() == want.tobytes()


# Ways to hold the same values in memory.
def contiguous(values: np.ndarray, dtype: str) -> ts.Tensor:
    return to_tensor(values, dtype)


def transposed(values: np.ndarray, dtype: str) -> ts.Tensor:
    if values.ndim < 2:
        return contiguous(values, dtype)
    return to_tensor(np.ascontiguousarray(values.T), dtype).permute(tuple(range(values.ndim))[::-1])


def sliced(values: np.ndarray, dtype: str) -> ts.Tensor:
    if values.ndim == 0:
        return contiguous(values, dtype)
    wide = np.full((*values.shape[:-1], 2 * values.shape[-1] + 1), np.nan if dtype in FLOATS else 1)
    wide[..., 1::2] = values
    return to_tensor(wide, dtype)[..., 1::2]


def offset(values: np.ndarray, dtype: str) -> ts.Tensor:
    flat = np.concatenate([[1], values.ravel(), [1]])
    return to_tensor(flat, dtype)[1:-1].view(values.shape)


def channels_last(values: np.ndarray, dtype: str) -> ts.Tensor:
    if values.ndim != 4:
        return contiguous(values, dtype)
    return to_tensor(np.ascontiguousarray(values.transpose(0, 2, 3, 1)), dtype).permute(0, 3, 1, 2)


def stretched_dim(shape: tuple[int, ...]) -> int | None:
    return next((i for i, size in enumerate(shape) if size > 1), None)


def repeat_first(values: np.ndarray) -> np.ndarray:
    dim = stretched_dim(values.shape)
    return values if dim is None else np.repeat(values.take([0], dim), values.shape[dim], dim)


def expanded(values: np.ndarray, dtype: str) -> ts.Tensor:
    dim = stretched_dim(values.shape)
    return contiguous(values, dtype) if dim is None else contiguous(values.take([0], dim), dtype).expand(values.shape)


class Variant:
    """A sample with its parameters in one dtype: inputs, and what must come out of them on any instruction set."""

    def __init__(self, case: Case, sample: tuple[Any, ...], params: dict[str, Any], dtype: str, repeat: bool = False):
        self.case, self.sample, self.params, self.dtype, self.repeat = case, sample, params, dtype, repeat
        self.inputs = make_inputs(case, sample, dtype)
        if repeat:
            self.inputs = [
                repeat_first(x) if is_shape(item) else x for item, x in zip(sample, self.inputs, strict=True)
            ]
        self.arrays = [x for x in self.inputs if isinstance(x, np.ndarray)]
        self.numel = sum(x.size for x in self.arrays)
        self.grads = tuple(
            i for i in case.grad_inputs(sample, dtype) if getattr(self.inputs[i], "dtype", None) == np.float64
        )

    def __str__(self) -> str:
        items = [
            item if is_shape(item) else getattr(x, "shape", x) for item, x in zip(self.sample, self.inputs, strict=True)
        ]
        repeated = " repeated" if self.repeat else ""
        return f"{self.case.name} {', '.join(map(str, items))} {self.params or ''} {self.dtype}{repeated} {backend()}"

    @property
    def tries(self) -> int:
        return 3 if self.numel > LARGE else 6

    @property
    def length(self) -> int:
        """Of the longest accumulation, about: a dimension, several small ones, or the inputs for each result."""
        sizes = [size for x in self.arrays for size in (*x.shape, int(x.size**0.5))]
        return max([1, *sizes, *(x.size // max(1, y.size) for x in self.arrays for y in self.expected)])

    def reference(self, inputs: Sequence[Any]) -> Arrays:
        with np.errstate(all="ignore"):
            return [np.asarray(y) for y in as_tuple(self.case.reference(*inputs, **self.params))]

    @cached_property
    def expected(self) -> Arrays:
        return self.reference([x.copy() if isinstance(x, np.ndarray) else x for x in self.inputs])

    def result_dtype(self, want: np.ndarray) -> str:
        """Of a result that is compared with rounding: the float dtype under test, float32 for a float of integers."""
        return self.case.result_dtype or (self.dtype if self.dtype in FLOATS else "float32")

    @cached_property
    def allowed(self) -> Arrays:
        if self.dtype in self.case.tolerance:
            rtol, atol = self.case.tolerance[self.dtype]
            return [rtol * np.abs(y) + atol for y in self.expected]
        spreads = spread_of(self.reference, self.inputs, self.expected, self.tries, self.repeat)
        # Equal elements cancel to nothing but rounding.
        scale = max([rms(x) for x in self.arrays if x.dtype.kind == "f"], default=0) if self.repeat else 0
        return [
            allowed_error(y, s, self.length, self.result_dtype(y), scale) if y.dtype.kind == "f" else np.zeros(y.shape)
            for y, s in zip(self.expected, spreads, strict=True)
        ]

    @cached_property
    def dys(self) -> Arrays:
        rng = np.random.default_rng(2)
        dys = [rounded(rng.standard_normal(y.shape), self.dtype) for y in self.expected if y.dtype.kind == "f"]
        return [repeat_first(dy) for dy in dys] if self.repeat else dys

    def tensors(
        self, layout: Callable[..., ts.Tensor] = contiguous, dtype: str | None = None, inputs: Any = None
    ) -> list[Any]:
        dtype = dtype or self.dtype
        inputs = self.inputs if inputs is None else inputs
        return [
            (layout if is_shape(item) else contiguous)(x, dtype_of(x, dtype, item)) if isinstance(x, np.ndarray) else x
            for item, x in zip(self.sample, inputs, strict=True)
        ]

    def forward(self, tensors: Sequence[Any]) -> list[ts.Tensor]:
        return list(as_tuple(self.case.op(*tensors, **self.params)))

    def run(
        self, tensors: Sequence[Any], dys: Sequence[ts.Tensor], grads: Sequence[int] | None = None
    ) -> tuple[list[ts.Tensor], Arrays]:
        """Results and the gradients of the inputs at the positions `grads`."""
        grads = self.grads if grads is None else grads
        leaves = [x.detach().requires_grad_() if i in grads else x for i, x in enumerate(tensors)]
        results = self.forward(leaves)
        floats = [y for y, want in zip(results, self.expected, strict=True) if want.dtype.kind == "f"]
        pairs = [(y, dy) for y, dy in zip(floats, dys, strict=True) if y.requires_grad]
        assert pairs or not grads, f"{self}: no result requires a gradient"
        for number, (y, dy) in enumerate(pairs, 1):
            y.backward(dy, retain_graph=number < len(pairs))
        for i in grads:
            assert leaves[i].grad is not None, f"{self}: input {i} got no gradient"
            assert leaves[i].grad.dtype == leaves[i].dtype, (
                f"{self}: the gradient of input {i} is {leaves[i].grad.dtype}"
            )
        return results, [to_array(leaves[i].grad) for i in grads]

    def gradients_in_float64(self, values: Sequence[Any]) -> Arrays:
        """By our own kernels; test_gradient compares those with differences of the reference."""
        inputs, dys = values[: len(self.inputs)], values[len(self.inputs) :]
        return self.run(self.tensors(dtype="float64", inputs=inputs), [to_tensor(dy, "float64") for dy in dys])[1]

    @cached_property
    def gradients(self) -> tuple[Arrays, Arrays]:
        """Expected gradients and the error allowed. A backward pass may use results that forward has rounded to 16 bits:
        that acts as one more relative error of what goes in and, where 1 - y^2 and its like cancel, of the gradients' size."""
        before = backend()
        use(BEST_ISA)
        values = [*self.inputs, *self.dys]
        want = self.gradients_in_float64(values)
        if self.dtype in self.case.tolerance:
            rtol, atol = self.case.tolerance[self.dtype]
            allowed = [rtol * np.abs(g) + atol * max(1.0, rms(g)) for g in want]
        else:
            spreads = spread_of(self.gradients_in_float64, values, want, self.tries, self.repeat)
            rounding = 4 * ROUNDOFF[self.dtype] if self.dtype in ("bfloat16", "float16") else 0.0
            # Some gradients are 0 but for rounding, most of all of repeated elements.
            scale = (1 if self.repeat else 0.02) * max(map(rms, self.dys))
            allowed = [
                allowed_error(g, s, self.length, self.dtype, scale) + rounding * (s + rms(g) / 2)
                for g, s in zip(want, spreads, strict=True)
            ]
        use(before)
        return want, allowed

    def check_results(self, results: Sequence[ts.Tensor], how: str = "") -> None:
        assert len(results) == len(self.expected), (
            f"{self} {how}: {len(results)} results, expected {len(self.expected)}"
        )
        for number, (y, want, allowed) in enumerate(zip(results, self.expected, self.allowed, strict=True)):
            where = f"{self} {how}: result {number}"
            self.check_dtype(y, want, where)
            got = to_array(y)
            if want.dtype.kind == "f" and y.dtype.is_floating_point:
                want = np.where(
                    np.isinf(rounded(want, self.result_dtype(want))), rounded(want, self.result_dtype(want)), want
                )
            elif want.dtype.kind != "b":
                want = rounded(want, str(y.dtype).split(".")[-1])
            error = difference(got, want, allowed)
            assert not error, f"{where}: {error}"

    def check_dtype(self, y: ts.Tensor, want: np.ndarray, where: str) -> None:
        got = str(y.dtype).split(".")[-1]
        if self.case.result_dtype:
            right = got == self.case.result_dtype
        elif want.dtype.kind == "b":
            right = got == "bool"
        elif want.dtype.kind == "f":
            right = got == self.result_dtype(want)
        else:  # integers keep their dtype; counts, sums and positions are int64
            right = got in (self.dtype, "int64", "int32")
        assert right, f"{where}: dtype {got}, expected that of a {want.dtype} for {self.dtype}"

    def check_gradients(self, got: Arrays, how: str = "", grads: Sequence[int] | None = None) -> None:
        want, allowed = self.gradients
        for i, gradient in zip(self.grads if grads is None else grads, got, strict=True):
            at = self.grads.index(i)
            error = difference(gradient, want[at], allowed[at])
            assert not error, f"{self} {how}: gradient of input {i}: {error}"


@lru_cache(maxsize=2)
def variants_of(case: Case, dtype: str) -> list[Variant]:
    return [Variant(case, sample, params, dtype) for sample, params in case.variants()]


@lru_cache(maxsize=2)
def repeated_variants_of(case: Case, dtype: str) -> list[Variant]:
    """Of the small samples, with their first slice repeated, as expand() makes it."""
    small = [v for v in variants_of(case, dtype) if v.numel <= LARGE]
    return [Variant(case, v.sample, v.params, dtype, repeat=True) for v in small]
