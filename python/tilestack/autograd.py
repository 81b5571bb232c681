"""Gradients: of chosen tensors, without the tape, with hooks, of ops written in Python."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import tilestack as ts
from tilestack import _core
from tilestack._core import Tensor

F = TypeVar("F", bound=Callable[..., Any])
Tensors = Tensor | Sequence[Tensor]
Gradients = Tensor | Sequence[Tensor | None] | None

__all__ = ["Function", "backward", "enable_grad", "grad", "no_grad", "set_grad_enabled"]


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Gradients = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of outputs with respect to inputs, which are leaves or results; no .grad changes.

    outputs, inputs: a tensor or a sequence. grad_outputs: what flows into each output, of its shape; None for one of a
    single element. allow_unused: None for an input that the outputs do not depend on, where RuntimeError would be;
    materialize_grads: zeros there. create_graph: RuntimeError if True, there are no second derivatives. Returns one
    gradient for each input, of its shape and dtype.

    >>> x = ts.tensor([1.0, 2.0], requires_grad=True)
    >>> ts.autograd.grad((x * x).sum(), x)
    (tensor([2., 4.]),)
    """
    if create_graph:
        raise RuntimeError("grad: create_graph=True is not supported, there are no second derivatives")
    ys, xs = _tensors("grad", "outputs", outputs), _tensors("grad", "inputs", inputs)
    gradients = _core._gradients_of(ys, xs, _gradients("grad", grad_outputs, ys), bool(retain_graph))
    if materialize_grads:
        return tuple(ts.zeros_like(x) if g is None else g for x, g in zip(xs, gradients, strict=True))
    unused = [i for i, gradient in enumerate(gradients) if gradient is None]
    if unused and not allow_unused:
        shape = tuple(xs[unused[0]].shape)
        raise RuntimeError(
            f"grad: the outputs do not depend on input {unused[0]}, of shape {shape}; allow_unused=True gives None there"
        )
    return tuple(gradients)


def backward(
    tensors: Tensors,
    grad_tensors: Gradients = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensors | None = None,
) -> None:
    """Adds the gradients of the sum of several results to the .grad of the leaves, or of those in inputs.

    grad_tensors: what flows into each result, of its shape; None for one of a single element.
    """
    if create_graph:
        raise RuntimeError("backward: create_graph=True is not supported, there are no second derivatives")
    ys = _tensors("backward", "tensors", tensors)
    _core._backward(ys, _gradients("backward", grad_tensors, ys), bool(retain_graph), inputs)


def _tensors(op: str, name: str, given: Any) -> list[Tensor]:
    tensors = [given] if isinstance(given, Tensor) else list(given)
    if wrong := [x for x in tensors if not isinstance(x, Tensor)]:
        raise TypeError(f"{op}: {name} must be tensors, got {type(wrong[0]).__name__}")
    if not tensors:
        raise ValueError(f"{op}: {name} must not be empty")
    return tensors


def _gradients(op: str, given: Any, outputs: list[Tensor]) -> list[Any]:
    if given is None:
        return [None] * len(outputs)
    gradients = [given] if isinstance(given, Tensor) else list(given)
    if len(gradients) != len(outputs):
        raise ValueError(f"{op}: wanted a gradient for each of {len(outputs)} results, got {len(gradients)}")
    return gradients


class set_grad_enabled:
    """Records ops on the tape, or not, from here on; as a context manager or decorator, only inside.

    The setting belongs to the thread.
    """

    def __init__(self, mode: bool) -> None:
        self.mode = bool(mode)
        self.before = _core.is_grad_enabled()
        _core._set_grad_enabled(self.mode)

    def __enter__(self) -> None:
        _core._set_grad_enabled(self.mode)

    def __exit__(self, *exception: object) -> None:
        _core._set_grad_enabled(self.before)

    def __call__(self, function: F) -> F:
        _core._set_grad_enabled(self.before)
        return _decorate(function, self.mode)


class _GradMode:
    mode = False

    def __init__(self) -> None:
        self.before: list[bool] = []

    def __enter__(self) -> None:
        self.before.append(_core.is_grad_enabled())
        _core._set_grad_enabled(self.mode)

    def __exit__(self, *exception: object) -> None:
        _core._set_grad_enabled(self.before.pop())

    def __call__(self, function: F) -> F:
        return _decorate(function, self.mode)


class no_grad(_GradMode):
    """Ops inside are not recorded on the tape. A context manager and a decorator."""


class enable_grad(_GradMode):
    """Ops inside are recorded, also within no_grad. A context manager and a decorator."""

    mode = True


def _decorate(function: F, mode: bool) -> F:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        before = _core.is_grad_enabled()
        _core._set_grad_enabled(mode)
        try:
            return function(*args, **kwargs)
        finally:
            _core._set_grad_enabled(before)

    return wrapper  # type: ignore[return-value]


class Context:
    """What a Function's forward leaves for its backward."""

    saved_tensors: tuple[Tensor, ...] = ()
    needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Tensor) -> None:
        self.saved_tensors = tensors


class Function:
    """An op written in Python: a subclass defines static methods forward and backward and is called by apply.

    >>> class Double(ts.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return x * 2
    ...     @staticmethod
    ...     def backward(ctx, dy):
    ...         return dy * 2
    >>> y = Double.apply(x)

    forward gets the arguments of apply and returns a tensor or a tuple of tensors. backward gets one gradient for each
    output (None for an output that the loss does not depend on) and returns one for each argument of forward: a tensor
    of the argument's shape, or None.
    """

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        raise NotImplementedError("Function: a subclass must define forward(ctx, *args)")

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise NotImplementedError("Function: a subclass must define backward(ctx, *grads)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        ctx = Context()
        places = [i for i, arg in enumerate(args) if isinstance(arg, Tensor)]
        inputs = [args[i] for i in places]
        ctx.needs_input_grad = tuple(isinstance(arg, Tensor) and arg.requires_grad for arg in args)
        with no_grad():
            outputs = cls.forward(ctx, *args)
        many = isinstance(outputs, tuple)
        # A result that the tape held through its own node would never be freed.
        made = {id(y) for y in (outputs if many else (outputs,))}
        ctx.saved_tensors = tuple(x.detach() if id(x) in made else x for x in ctx.saved_tensors)

        def backward(*grads: Any) -> tuple[Any, ...]:
            result = cls.backward(ctx, *grads)
            result = result if isinstance(result, tuple) else (result,)
            if len(result) != len(args):
                raise RuntimeError(
                    f"{cls.__name__}.backward: wanted {len(args)} gradients (one for each argument of forward), "
                    f"got {len(result)}"
                )
            return tuple(result[i] for i in places)

        recorded = _core._record(cls.__name__, list(outputs) if many else [outputs], inputs, backward)
        return tuple(recorded) if many else recorded[0]
