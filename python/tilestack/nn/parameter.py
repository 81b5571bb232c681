"""Parameter: a tensor that a Module trains."""

from __future__ import annotations

from typing import Any

from tilestack._core import Tensor


class Parameter(Tensor):
    """A leaf tensor that `Module.parameters()` finds. It shares memory with `data`.

    data: any float tensor. requires_grad: False freezes it.
    """

    def __init__(self, data: Tensor, requires_grad: bool = True) -> None:
        if not isinstance(data, Tensor):
            raise TypeError(f"Parameter: data must be a Tensor, got {type(data).__name__}")
        super().__init__(data)
        self.requires_grad = requires_grad

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        if id(self) not in memo:
            memo[id(self)] = Parameter(self.detach().clone(), self.requires_grad)
        return memo[id(self)]

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.detach().numpy(), self.requires_grad)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


def _rebuild(data: Any, requires_grad: bool) -> Parameter:
    import tilestack as ts

    return Parameter(ts.tensor(data), requires_grad)
