"""copy.deepcopy and pickle of tensors and their subclasses."""

from __future__ import annotations

from typing import Any

from tilestack import _core
from tilestack._core import Tensor


def tensor_deepcopy(x: Tensor, memo: dict[int, Any]) -> Tensor:
    """A leaf with memory and gradient of its own. RuntimeError for the result of an op, which has a history."""
    if not x.is_leaf:
        raise RuntimeError(
            "deepcopy: only leaf tensors can be copied, this is the result of an op; use detach().clone()"
        )
    y = _make(type(x), x.detach().clone(), x.requires_grad)
    if x.grad is not None:
        y.grad = x.grad.detach().clone()
    memo[id(x)] = y
    return y


def tensor_reduce(x: Tensor) -> tuple[Any, ...]:
    data = x.detach().cpu().reshape(-1).contiguous()
    asks = x.requires_grad and x.is_leaf
    return _restore, (type(x), data.view(_core.uint8).numpy().tobytes(), x.dtype, tuple(x.shape), asks)


def _restore(kind: type[Tensor], data: bytes, dtype: Any, shape: tuple[int, ...], requires_grad: bool) -> Tensor:
    return _make(kind, _core.from_buffer(bytearray(data), dtype, shape), requires_grad)


def _make(kind: type[Tensor], data: Tensor, requires_grad: bool) -> Tensor:
    return (data if kind is Tensor else kind(data)).requires_grad_(requires_grad)
