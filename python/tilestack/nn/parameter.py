"""Parameter: a tensor that a Module trains."""

from __future__ import annotations

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

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()
