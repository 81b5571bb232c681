"""Module: the base of layers and models.

Parameters, buffers and children are ordinary attributes; the lists of them are read off the instance's dictionary when
someone asks. So reading `self.weight` in forward costs what any attribute costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from tilestack._core import Tensor
from tilestack._hooks import RemovableHandle
from tilestack.nn.hooks import Hooks
from tilestack.nn.parameter import Parameter

Self = TypeVar("Self", bound="Module")
PLAIN = frozenset({bool, int, float, str, tuple, type(None)})  # isinstance of pybind11's types is slow to say no


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict(strict=False)` passed over."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """A layer or model: fields that hold parameters and other modules, and `forward`.

    Calling it runs `forward` and the hooks. An error raised inside names the path of the module that failed:
    `encoder.layer.3.mlp.fc1: linear: weight (3072, 768) needs x of shape (..., 768), got (8, 512)`.
    """

    training: bool = True
    _hooks: Hooks | None = None
    _buffers: Mapping[str, bool] = {}  # name of each buffer -> whether state_dict() keeps it

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no forward()")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            if self._hooks is None:
                return self.forward(*args, **kwargs)
            return self._hooks.call(self, args, kwargs)
        except Exception as error:
            name_path(error, self)
            raise

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            if name in self._buffers:
                self._buffers = {key: kept for key, kept in self._buffers.items() if key != name}
        elif value is not None and isinstance(self.__dict__.get(name), Parameter):
            raise TypeError(
                f"{type(self).__name__}.{name} is a parameter: assign a Parameter or None, got {type(value).__name__}"
            )
        object.__setattr__(self, name, value)

    # Registration under a name that is not known when the class is written.

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Set the parameter `name`; None: an optional one that is absent."""
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"register_parameter: {name!r} must be a Parameter or None, got {type(param).__name__}")
        self._check_name("register_parameter", name, Parameter)
        setattr(self, name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Set a tensor that belongs to the state but is not trained. persistent: whether state_dict() keeps it."""
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"register_buffer: {name!r} must be a Tensor or None, got {type(tensor).__name__}")
        if name not in self._buffers:
            self._check_name("register_buffer", name, ())
        self._buffers = {**self._buffers, name: persistent}
        setattr(self, name, tensor)

    def register_module(self, name: str, module: Module | None) -> None:
        """Set the child `name`."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"add_module: {name!r} must be a Module or None, got {type(module).__name__}")
        self._check_name("add_module", name, Module)
        setattr(self, name, module)

    add_module = register_module

    def _check_name(self, op: str, name: str, replaceable: type | tuple[type, ...]) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{op}: the name must be a str, got {type(name).__name__}")
        if not name or "." in name:
            raise KeyError(f"{op}: a name must not be empty or contain a dot, got {name!r}")
        present = getattr(self, name, None)
        if present is not None and not isinstance(self.__dict__.get(name), replaceable):
            raise KeyError(f"{op}: {type(self).__name__} already has an attribute {name!r}")

    # What it consists of.

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Each direct child once, with its name."""
        seen: set[int] = set()
        for name, value in self.__dict__.items():
            if isinstance(value, Module) and id(value) not in seen:
                seen.add(id(value))
                yield name, value

    def children(self) -> Iterator[Module]:
        for _, child in self.named_children():
            yield child

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """The module itself, then all below it, with dotted names."""
        found: list[tuple[str, Module]] = []
        self._collect(found, set() if memo is None else memo, prefix, remove_duplicate)
        return iter(found)

    def _collect(self, found: list[tuple[str, Module]], memo: set[Module], prefix: str, unique: bool) -> None:
        if unique:
            if self in memo:
                return
            memo.add(self)
        found.append((prefix, self))
        for name, value in self.__dict__.items():
            if isinstance(value, Module):
                value._collect(found, memo, f"{prefix}.{name}" if prefix else name, unique)

    def modules(self) -> Iterator[Module]:
        for _, module in self.named_modules():
            yield module

    def _own_parameters(self) -> list[tuple[str, Parameter]]:
        fields = self.__dict__.items()
        return [(name, value) for name, value in fields if type(value) not in PLAIN and isinstance(value, Parameter)]

    def _own_buffers(self) -> list[tuple[str, Tensor]]:
        return [(name, self.__dict__[name]) for name in self._buffers if self.__dict__.get(name) is not None]

    def _named(
        self, own: Callable[[Module], list[tuple[str, Any]]], prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(None, prefix, remove_duplicate) if recurse else [(prefix, self)]:
            for name, value in own(module):
                if remove_duplicate:
                    if id(value) in seen:
                        continue
                    seen.add(id(value))
                yield f"{path}.{name}" if path else name, value

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        return self._named(Module._own_parameters, prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        return self._named(Module._own_buffers, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target: str) -> Module:
        """The module at a dotted path; "" is this one. Raises AttributeError."""
        module: Module = self
        for name in target.split(".") if target else ():
            child = module.__dict__.get(name)
            if not isinstance(child, Module):
                raise AttributeError(f"get_submodule: {type(module).__name__} has no child {name!r} (of {target!r})")
            module = child
        return module

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path. Raises AttributeError."""
        path, _, name = target.rpartition(".")
        parameter = self.get_submodule(path).__dict__.get(name)
        if not isinstance(parameter, Parameter):
            raise AttributeError(f"get_parameter: no parameter {target!r}")
        return parameter

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path. Raises AttributeError."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if name not in module._buffers or module.__dict__.get(name) is None:
            raise AttributeError(f"get_buffer: no buffer {target!r}")
        buffer: Tensor = module.__dict__[name]
        return buffer

    # Modes and conversions; each returns the module.

    def apply(self: Self, fn: Callable[[Module], Any]) -> Self:
        """Call `fn` with every module below, then with this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self: Self, mode: bool = True) -> Self:
        if not isinstance(mode, bool):
            raise TypeError(f"train: mode must be a bool, got {type(mode).__name__}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: Self) -> Self:
        return self.train(False)

    def requires_grad_(self: Self, requires_grad: bool = True) -> Self:
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad.zero_()

    def _convert(self: Self, fn: Callable[[Tensor], Tensor]) -> Self:
        """Replace parameters, gradients and buffers by fn of them; the Parameter objects stay, for optimizers."""
        changes = [
            (parameter, fn(parameter.detach()), None if parameter.grad is None else fn(parameter.grad))
            for parameter in self.parameters()
        ]
        for parameter, value, gradient in changes:
            parameter._rebind(value)
            parameter.grad = gradient
        converted: dict[int, Tensor] = {}
        for module in self.modules():
            for name, buffer in module._own_buffers():
                if id(buffer) not in converted:
                    converted[id(buffer)] = fn(buffer)
                setattr(module, name, converted[id(buffer)])
        return self

    def to(self: Self, *args: Any, **kwargs: Any) -> Self:
        """to(device), to(dtype), to(device, dtype) or to(tensor). A dtype is for float tensors; others keep theirs."""
        device, dtype = _parse_to(args, kwargs)

        def convert(x: Tensor) -> Tensor:
            if dtype is not None and x.is_floating_point():
                x = x.to(dtype)
            return x if device is None else x.to(device)

        return self._convert(convert)

    def float(self: Self) -> Self:
        return self.to("float32")

    def double(self: Self) -> Self:
        return self.to("float64")

    def half(self: Self) -> Self:
        return self.to("float16")

    def bfloat16(self: Self) -> Self:
        return self.to("bfloat16")

    def cpu(self: Self) -> Self:
        return self.to("cpu")

    def cuda(self: Self, device: int | None = None) -> Self:
        """On a GPU: the current one, or that of an index."""
        return self.to("cuda" if device is None else f"cuda:{device}")

    # State.

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> dict[str, Tensor]:
        """Parameters and persistent buffers by dotted name. They share memory with the module's.

        keep_vars: return the Parameters themselves, not tensors without gradient.
        """
        state: dict[str, Tensor] = {}
        self._save_state(state, prefix, keep_vars)
        return state

    def _save_state(self, state: dict[str, Tensor], prefix: str, keep_vars: bool) -> None:
        for hook in self._hooks_of("state_dict_pre"):
            hook(self, prefix, keep_vars)
        for name, tensor in self._own_state():
            state[prefix + name] = tensor if keep_vars else tensor.detach()
        for name, value in list(self.__dict__.items()):
            if isinstance(value, Module):
                value._save_state(state, f"{prefix}{name}.", keep_vars)
        for hook in self._hooks_of("state_dict_post"):
            hook(self, state, prefix, {})

    def _own_state(self) -> list[tuple[str, Tensor]]:
        return [*self._own_parameters(), *((name, x) for name, x in self._own_buffers() if self._buffers[name])]

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy values of `state_dict` (tensors or numpy arrays) into the tensors of the same name.

        strict: every name must be on both sides. Shapes must agree in any case. Raises ValueError that lists all that
        does not fit, before anything has been changed; where hooks run after loading, they come before the check of
        names, which they may amend. assign: the given tensors take the place of the module's, with their dtypes and
        devices; parameters keep their requires_grad. An optimizer made before has the old ones.
        """
        from tilestack.nn.state import load_state

        return IncompatibleKeys(*load_state(self, state_dict, strict, assign))

    # Hooks.

    def _own_hooks(self) -> Hooks:
        if self._hooks is None:
            self._hooks = Hooks()
        return self._hooks

    def _hooks_of(self, kind: str) -> list[Callable[..., Any]]:
        return [] if self._hooks is None else self._hooks.of(kind)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """`hook(module, args)` before forward; what it returns replaces the arguments, None leaves them.

        with_kwargs: `hook(module, args, kwargs)`, which returns None or (args, kwargs).
        """
        return self._own_hooks().add(self, "forward_pre", hook, prepend, with_kwargs)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """`hook(module, args, output)` after forward; what it returns replaces the output, None leaves it.

        with_kwargs: `hook(module, args, kwargs, output)`.
        """
        return self._own_hooks().add(self, "forward", hook, prepend, with_kwargs)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """`hook(module, grad_input, grad_output)` once the gradients of the module's tensor arguments are known.

        Both are tuples; None for what has no gradient. What it returns replaces grad_input, None leaves it. Tensors
        among the positional arguments and the output (a tensor, or a tuple or list of them) are seen; they must not be
        changed in place inside forward.
        """
        return self._own_hooks().add(self, "backward", hook, prepend, False)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """`hook(module, prefix, keep_vars)` before state_dict() reads the module."""
        return self._own_hooks().add(self, "state_dict_pre", hook, False, False)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """`hook(module, state_dict, prefix, local_metadata)` once the module's entries are in state_dict, which it may
        change. local_metadata is empty."""
        return self._own_hooks().add(self, "state_dict_post", hook, False, False)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """`hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)` before
        loading. It may change state_dict, which is a copy, and add to the lists; local_metadata is empty."""
        return self._own_hooks().add(self, "load_state_dict_pre", hook, False, False)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """`hook(module, incompatible_keys)` after loading. It may change the lists missing_keys and unexpected_keys,
        which `strict` then judges."""
        return self._own_hooks().add(self, "load_state_dict_post", hook, False, False)

    # Printing.

    def extra_repr(self) -> str:
        """What stands between the parentheses of a layer's repr."""
        return ""

    def _repr_children(self) -> list[tuple[str, str]]:
        return [(name, repr(child)) for name, child in self.__dict__.items() if isinstance(child, Module)]

    def __repr__(self) -> str:
        extra, name = self.extra_repr(), type(self).__name__
        lines = extra.splitlines() if "\n" in extra else []
        children = self._repr_children()
        if not children and not lines:
            return f"{name}({extra})"
        if extra and not lines:
            lines = [extra]
        lines += [f"({key}): " + text.replace("\n", "\n  ") for key, text in children]
        return f"{name}(\n  " + "\n  ".join(lines) + "\n)"


def name_path(error: Exception, module: Module) -> None:
    """Prefix the error's message with the path of the module that failed, as seen from `module`, which let it pass."""
    inner: Module | None = getattr(error, "_module", None)
    text = error.args[0] if error.args else None
    if isinstance(text, str) and inner is not module:
        path, message = getattr(error, "_path", ""), getattr(error, "_message", text)
        name = next((name for name, below in module.named_modules() if below is inner), "") if inner else ""
        if name:
            path = f"{name}.{path}" if path else name
            error.args = (f"{path}: {message}", *error.args[1:])
        error.__dict__.update(_module=module, _path=path, _message=message)


def _parse_to(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    import tilestack as ts

    device, dtype = kwargs.get("device"), kwargs.get("dtype")
    for value in args:
        if isinstance(value, Tensor):
            device, dtype = value.device, value.dtype
        elif isinstance(value, ts.dtype):
            dtype = value
        elif isinstance(value, str) and isinstance(getattr(ts, value, None), ts.dtype):
            dtype = getattr(ts, value)
        elif value is not None:
            device = value
    if dtype is not None and not dtype.is_floating_point:
        raise TypeError(f"Module.to: dtype must be a float type, got {dtype}")
    return device, dtype
