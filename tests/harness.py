"""What a file of tests/cases says about an op, and the machinery with which test_cases.py checks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FLOATS = ("float32", "float64", "bfloat16", "float16")
INTS = ("int64", "int32", "int8", "uint8")
ALL = (*FLOATS, *INTS, "bool")


@dataclass
class Case:
    """An op's spec: what it computes and for which inputs.

    A sample is a tuple with one item for each input:
      a tuple of ints     a shape; a random array in the dtype under test, already rounded to it
      an array            passed as it is; float arrays are cast to the dtype under test
      callable(rng)       makes such an array
      None, a number      passed as it is
    and, if it ends in a dict, parameters that override `params`.
    """

    op: Callable[..., Any]  # called as op(*inputs, **params)
    reference: Callable[..., Any]  # the same call on numpy arrays: floats as float64, integers as int64, bool as bool
    samples: Sequence[tuple[Any, ...]]
    params: Mapping[str, Any] | Sequence[Mapping[str, Any]] = field(default_factory=dict)  # several: each with every sample
    dtypes: Sequence[str] = FLOATS
    grad: bool | tuple[int, ...] = True  # inputs that have gradients; True: each float input that is given by its shape
    low: float | None = None  # random values are uniform in [low, high), standard normal without
    high: float | None = None
    tolerance: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # dtype -> (rtol, atol) in place of the default
    result_dtype: str | None = None  # of the result, where it does not follow from the inputs' and the reference's
    name: str = ""  # of tests; the file's name by default, numbered where a file has several cases
    bytes_moved: Callable[..., float] | None = None  # of the arrays in the dtype under test, and of params
    flops: Callable[..., float] | None = None
    bench: Sequence[tuple[Any, ...]] = ()  # samples of real size for the benchmark

    def variants(self, samples: Sequence[tuple[Any, ...]] | None = None) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        """Every sample with every set of parameters."""
        choices = [self.params] if isinstance(self.params, Mapping) else list(self.params)
        found = []
        for sample in self.samples if samples is None else samples:
            if sample and isinstance(sample[-1], dict):
                found.append((sample[:-1], {**(choices[0] if len(choices) == 1 else {}), **sample[-1]}))
            else:
                found += [(sample, dict(choice)) for choice in choices]
        return found
