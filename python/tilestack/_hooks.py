"""Hooks on the gradients of tensors."""

from __future__ import annotations

from collections.abc import Callable

from tilestack._core import Tensor


class RemovableHandle:
    """Returned by the register functions: `remove()` takes the hook away. Also a context manager."""

    def __init__(self, remove: Callable[[], None]) -> None:
        self.remove = remove

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Calls hook(grad) when the whole gradient of this tensor is known; a returned tensor replaces it.

    RuntimeError if the tensor does not require a gradient.
    """
    number = self._register_hook(hook)
    return RemovableHandle(lambda: self._remove_hook(number))


def retain_grad(self: Tensor) -> None:
    """Lets backward() keep the gradient of a result in its .grad, as it does for leaves."""
    if not self.requires_grad:
        raise RuntimeError("retain_grad: the tensor does not require a gradient")
    if self.is_leaf or self._retains_grad:
        return
    self._retains_grad = True

    def keep(gradient: Tensor) -> None:
        self.grad = gradient.clone() if self.grad is None else self.grad + gradient

    self._register_hook(keep)
