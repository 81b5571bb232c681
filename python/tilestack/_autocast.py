"""Mixed precision by a policy."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from tilestack import _core

F = TypeVar("F", bound=Callable[..., Any])
_DEVICES = ("cpu", "cuda")
_DEFAULTS = {"cpu": _core.bfloat16, "cuda": _core.float16}


class autocast:
    """Computes inside, on one kind of device or on both, products in a dtype of 16 bits and what needs range in float32.

    Matrix products, linear, convolution, attention, recurrent layers and prelu convert what they are given to dtype;
    norms, softmax, losses, sums, exponentials, logarithms and powers to float32; all else computes in the dtype it gets,
    where two dtypes meet in the wider one. Conversions are recorded, so gradients have the parameters' dtypes; the
    backward pass computes in the dtypes of the forward pass and belongs outside. float64 and integers are left alone.

    device_type: "cpu", "cuda", or None for both. dtype: bfloat16 or float16; None: bfloat16, but float16 for "cuda", as
    in torch. enabled=False: as if it were not there, also within another one. cache_enabled: for torch's callers; weights
    are converted at each use. The setting belongs to the thread. A context manager and a decorator.

    >>> with ts.autocast(dtype=ts.bfloat16):
    ...     loss = F.cross_entropy(model(x), target)
    >>> loss.backward()
    """

    def __init__(
        self, device_type: str | None = None, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if device_type is not None and device_type not in _DEVICES:
            raise ValueError(f'autocast: device_type must be "cpu", "cuda" or None, got {device_type!r}')
        if dtype is None:
            dtype = _DEFAULTS[device_type or "cpu"]
        if dtype not in (_core.bfloat16, _core.float16):
            raise ValueError(f"autocast: dtype must be bfloat16 or float16, got {dtype!r}")
        self.devices = _DEVICES if device_type is None else (device_type,)
        self.dtype = dtype if enabled else None
        self.before: list[tuple[Any, Any]] = []

    def _switch(self) -> tuple[Any, Any]:
        """Returns what was."""
        before = _core._autocast()
        cpu, cuda = (
            self.dtype if device in self.devices else old for device, old in zip(_DEVICES, before, strict=True)
        )
        _core._set_autocast(cpu, cuda)
        return before

    def __enter__(self) -> autocast:
        self.before.append(self._switch())
        return self

    def __exit__(self, *exception: object) -> None:
        _core._set_autocast(*self.before.pop())

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            before = self._switch()
            try:
                return function(*args, **kwargs)
            finally:
                _core._set_autocast(*before)

        return wrapper  # type: ignore[return-value]


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """Whether autocast is on in this thread, for one kind of device or for any."""
    state = dict(zip(_DEVICES, _core._autocast(), strict=True))
    if device_type is None:
        return any(dtype is not None for dtype in state.values())
    if device_type not in state:
        raise ValueError(f'is_autocast_enabled: device_type must be "cpu" or "cuda", got {device_type!r}')
    return state[device_type] is not None


def get_autocast_dtype(device_type: str) -> Any:
    """The dtype of products under autocast on this kind of device."""
    if device_type not in _DEVICES:
        raise ValueError(f'get_autocast_dtype: device_type must be "cpu" or "cuda", got {device_type!r}')
    return _core._autocast()[_DEVICES.index(device_type)] or _DEFAULTS[device_type]


def in_float32(function: F) -> F:
    """For functions composed of ops: under autocast their tensors of 16 bits become float32 first."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if _core._autocast_on():
            args = tuple(_core._cast_up(x) if isinstance(x, _core.Tensor) else x for x in args)
            kwargs = {key: _core._cast_up(x) if isinstance(x, _core.Tensor) else x for key, x in kwargs.items()}
        return function(*args, **kwargs)

    return wrapper  # type: ignore[return-value]
