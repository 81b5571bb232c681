"""Initial values of parameters. Each function ending in _ fills a tensor in place, off the tape, and returns it.

Random numbers come from the generator that `ts.manual_seed` seeds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import tilestack as ts
from tilestack._core import Tensor

_skipped = False


@contextmanager
def skipped() -> Iterator[None]:
    """Within, the functions below leave tensors as they are: for models whose values come from a file."""
    global _skipped
    before, _skipped = _skipped, True
    try:
        yield
    finally:
        _skipped = before


_LINEAR = ("linear", "conv1d", "conv2d", "conv3d", "sigmoid")


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance across this nonlinearity. param: negative slope of "leaky_relu", 0.01."""
    if nonlinearity in _LINEAR:
        return 1.0
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    gains = {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}
    if nonlinearity not in gains:
        raise ValueError(
            f"calculate_gain: nonlinearity must be one of {', '.join((*_LINEAR, *gains, 'leaky_relu'))}, "
            f"got {nonlinearity!r}"
        )
    return gains[nonlinearity]


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    shape = tuple(tensor.shape)
    if len(shape) < 2:
        raise ValueError(f"init: fan in and fan out need a tensor of 2 or more dimensions, got shape {shape}")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _fan(tensor: Tensor, mode: str) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'init: mode must be "fan_in" or "fan_out", got {mode!r}')
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return fan_in if mode == "fan_in" else fan_out


def _put(tensor: Tensor, values: Any) -> Tensor:
    with ts.no_grad():
        return tensor if _skipped else tensor.copy_(ts.as_tensor(values))


@ts.no_grad()
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Uniform in [a, b)."""
    return tensor if _skipped else tensor.uniform_(a, b)


@ts.no_grad()
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    return tensor if _skipped else tensor.normal_(mean, std)


@ts.no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    return tensor if _skipped else tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    return constant_(tensor, 1.0)


def eye_(tensor: Tensor) -> Tensor:
    """Ones on the diagonal of a matrix, zeros elsewhere."""
    if tensor.dim() != 2:
        raise ValueError(f"eye_: tensor must have 2 dimensions, got shape {tuple(tensor.shape)}")
    return _put(tensor, np.eye(*tensor.shape, dtype=np.float32))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Variance 2 gain^2 / (fan_in + fan_out), uniform (Glorot and Bengio, 2010)."""
    bound = gain * math.sqrt(6 / max(1, sum(_calculate_fan_in_and_fan_out(tensor))))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Variance 2 gain^2 / (fan_in + fan_out), normal (Glorot and Bengio, 2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / max(1, sum(_calculate_fan_in_and_fan_out(tensor)))))


def kaiming_uniform_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Variance gain^2 / fan, uniform (He et al., 2015). a: negative slope of leaky_relu."""
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3 / max(1, _fan(tensor, mode)))
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Variance gain^2 / fan, normal (He et al., 2015). a: negative slope of leaky_relu."""
    return normal_(tensor, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(max(1, _fan(tensor, mode))))


def lecun_uniform_(tensor: Tensor) -> Tensor:
    """Variance 1 / fan_in, uniform (LeCun et al., 1998)."""
    bound = math.sqrt(3 / max(1, _fan(tensor, "fan_in")))
    return uniform_(tensor, -bound, bound)


def lecun_normal_(tensor: Tensor) -> Tensor:
    """Variance 1 / fan_in, normal (LeCun et al., 1998)."""
    return normal_(tensor, 0.0, 1 / math.sqrt(max(1, _fan(tensor, "fan_in"))))


def orthogonal_(tensor: Tensor, gain: float = 1) -> Tensor:
    """A random (semi-)orthogonal matrix times gain (Saxe et al., 2013); dimensions after the first count as one."""
    if tensor.dim() < 2:
        raise ValueError(f"orthogonal_: tensor must have 2 or more dimensions, got shape {tuple(tensor.shape)}")
    if tensor.numel() == 0:
        return tensor
    rows, cols = tensor.shape[0], tensor.numel() // tensor.shape[0]
    q, r = np.linalg.qr(ts.randn((max(rows, cols), min(rows, cols)), dtype=ts.float64).numpy())
    q *= np.sign(np.diag(r)) * gain  # without the signs some rotations would be likelier than others
    return _put(tensor, np.ascontiguousarray(q.T if rows < cols else q).reshape(tensor.shape))


def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0) -> Tensor:
    """Normal(mean, std) given that the value lies in [a, b]."""
    if not a < b or std <= 0:
        raise ValueError(f"trunc_normal_: wanted a < b and std > 0, got a={a}, b={b}, std={std}")
    low, high = (a - mean) / std, (b - mean) / std
    peak = min(max(low, 0.0), high)  # beyond 9 from here the density is below 1e-17 of its largest value
    points = np.linspace(max(low, peak - 9), min(high, peak + 9), 8193)
    density = np.exp((peak**2 - points**2) / 2)
    mass = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    chance = ts.rand(tensor.shape, dtype=ts.float64).numpy()
    values = np.interp(chance * mass[-1], mass, points) * std + mean
    return _put(tensor, values.clip(a, b))


def linear_defaults_(weight: Tensor, bias: Tensor | None) -> None:
    """What Linear and Conv2d start with, as in torch: uniform within 1 / sqrt(fan_in)."""
    kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        fan_in = _fan(weight, "fan_in")
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        uniform_(bias, -bound, bound)
