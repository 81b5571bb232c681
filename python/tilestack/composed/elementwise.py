"""Functions of each element that are made of others."""

from __future__ import annotations

import math
from typing import Any

from tilestack import _core
from tilestack._core import Tensor

__all__ = [
    "allclose",
    "clamp_max",
    "clamp_min",
    "copysign",
    "deg2rad",
    "equal",
    "float_power",
    "fmax",
    "fmin",
    "frac",
    "heaviside",
    "isclose",
    "isneginf",
    "isposinf",
    "isreal",
    "ldexp",
    "logaddexp2",
    "logit",
    "nan_to_num",
    "positive",
    "rad2deg",
    "rsub",
    "signbit",
    "sinc",
    "xlogy",
]


def _real(input: Tensor) -> Tensor:
    return input if input.is_floating_point() else input.to(_core.float32)


def _check_tensors(op: str, **tensors: Any) -> None:
    for name, x in tensors.items():
        if not isinstance(x, Tensor):
            raise TypeError(f"{op}: {name} must be a tensor, got {type(x).__name__}")


def _is_nan(x: Any) -> Any:
    return x != x if isinstance(x, Tensor) else _core.full((), x != x, dtype=_core.bool)


def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger of both, elementwise and broadcast; the other where one is NaN. Of equals input has the gradient."""
    return _core.where((input >= other).logical_or(_is_nan(other)), input, other)


def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of both, elementwise and broadcast; the other where one is NaN. Of equals input has the gradient."""
    return _core.where((input <= other).logical_or(_is_nan(other)), input, other)


def clamp_min(input: Tensor, min: Any) -> Tensor:
    """input, at least min, a number or a tensor; NaN stays NaN."""
    return _core.clamp(input, min=min)


def clamp_max(input: Tensor, max: Any) -> Tensor:
    """input, at most max, a number or a tensor; NaN stays NaN."""
    return _core.clamp(input, max=max)


def signbit(input: Tensor) -> Tensor:
    """Whether it has a minus sign, of zero too, elementwise: bool."""
    if not input.is_floating_point():
        return input < 0
    input = input.detach()
    return (input < 0).logical_or((input == 0).logical_and(input.reciprocal() < 0))


def copysign(input: Tensor, other: Any) -> Tensor:
    """The size of input with the sign of other, a tensor or a number, elementwise and broadcast."""
    _check_tensors("copysign", input=input)
    size = _real(input).abs()
    if isinstance(other, Tensor):
        return _core.where(signbit(other), -size, size)
    return -size if math.copysign(1.0, other) < 0 else size


def isposinf(input: Tensor) -> Tensor:
    """Whether it is infinity, elementwise: bool."""
    return _real(input) == math.inf


def isneginf(input: Tensor) -> Tensor:
    """Whether it is minus infinity, elementwise: bool."""
    return _real(input) == -math.inf


def isreal(input: Tensor) -> Tensor:
    """True for each element: there are no complex tensors."""
    return _core.ones_like(input, dtype=_core.bool)


_LARGEST = {"float32": 3.4028234663852886e38, "float64": 1.7976931348623157e308, "float16": 65504.0}


def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """input with other numbers in place of NaN (None: 0) and of the infinities (None: the largest of the dtype)."""
    if not input.is_floating_point():
        return input.clone()
    most = _LARGEST.get(input.dtype.name, 3.3895313892515355e38)
    y = _core.where(input != input, 0.0 if nan is None else nan, input)
    y = _core.where(input == math.inf, most if posinf is None else posinf, y)
    return _core.where(input == -math.inf, -most if neginf is None else neginf, y)


def frac(input: Tensor) -> Tensor:
    """input without its integral part, with its sign, elementwise."""
    return input - input.trunc()


def deg2rad(input: Tensor) -> Tensor:
    """Degrees to radians, elementwise; integers become float32."""
    return _real(input) * (math.pi / 180)


def rad2deg(input: Tensor) -> Tensor:
    """Radians to degrees, elementwise; integers become float32."""
    return _real(input) * (180 / math.pi)


def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log2(2^input + 2^other) without overflow, elementwise and broadcast."""
    return _core.logaddexp(input * math.log(2), other * math.log(2)) / math.log(2)


def xlogy(input: Any, other: Any) -> Tensor:
    """input * log(other), 0 where input is 0 unless other is NaN, elementwise and broadcast."""
    scalar = not isinstance(other, Tensor)
    if scalar and not isinstance(input, Tensor):
        raise TypeError("xlogy: wanted at least one tensor, got two numbers")
    other = _core.full_like(_real(input), other) if scalar else other
    zero = input == 0 if isinstance(input, Tensor) else _core.full((), input == 0, dtype=_core.bool)
    hidden = zero.logical_and((other != other).logical_not())
    return _core.where(hidden, 0.0, input * _core.where(hidden, 1.0, _real(other)).log())


def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(input / (1 - input)), the inverse of sigmoid; with eps, of input limited to [eps, 1 - eps]."""
    input = _real(input)
    if eps is not None:
        input = input.clamp(eps, 1 - eps)
    return (input / (1 - input)).log()


def sinc(input: Tensor) -> Tensor:
    """sin(pi x) / (pi x), 1 at 0, elementwise; integers become float32."""
    zero = input == 0
    x = _core.where(zero, 1.0, _real(input)) * math.pi
    return _core.where(zero, 1.0, x.sin() / x)


def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 below zero, 1 above, values at zero; elementwise and broadcast, without a gradient."""
    _check_tensors("heaviside", input=input, values=values)
    if input.dtype != values.dtype:
        raise TypeError(
            f"heaviside: input and values must have one dtype, got {input.dtype.name} and {values.dtype.name}"
        )
    return _core.where(input == 0, values, (input > 0).to(input.dtype)).detach()


def float_power(input: Any, exponent: Any) -> Tensor:
    """input ** exponent in float64, elementwise and broadcast."""
    base = input.to(_core.float64) if isinstance(input, Tensor) else float(input)
    return _core.pow(base, exponent.to(_core.float64) if isinstance(exponent, Tensor) else float(exponent))


def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """input * 2^other, elementwise and broadcast; integers become float32."""
    return input * _core.pow(2.0, other)


def positive(input: Tensor) -> Tensor:
    """input itself."""
    if input.dtype == _core.bool:
        raise TypeError("positive: not defined for tensors of bool")
    return input


def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """other - alpha * input, elementwise and broadcast."""
    return _core.sub(other, input, alpha=alpha)


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """|input - other| <= atol + rtol |other|, elementwise and broadcast; equal_nan: NaN is close to NaN."""
    _check_tensors("isclose", input=input, other=other)
    if input.dtype != other.dtype:
        raise TypeError(f"isclose: input and other must have one dtype, got {input.dtype.name} and {other.dtype.name}")
    if rtol < 0 or atol < 0:
        raise ValueError(f"isclose: rtol and atol must not be negative, got {rtol} and {atol}")
    input, other = input.detach(), other.detach()
    near = input == other
    if input.dtype == _core.bool:
        return near
    wide = _core.float64 if input.device.type == "cpu" else _core.float32
    a, b = (x if x.is_floating_point() else x.to(wide) for x in (input, other))
    gap = (a - b).abs()
    near = near.logical_or((gap <= atol + rtol * b.abs()).logical_and(gap.isfinite()).logical_and(b.isfinite()))
    return near.logical_or((a != a).logical_and(b != b)) if equal_nan else near


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether isclose holds for every element."""
    return bool(isclose(input, other, rtol, atol, equal_nan).all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether both have one shape and the same elements."""
    _check_tensors("equal", input=input, other=other)
    if input.device != other.device:
        raise ValueError(f"equal: tensors must be on one device, got {input.device} and {other.device}")
    return input.shape == other.shape and bool((input == other).all())
