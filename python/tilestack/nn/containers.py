"""Containers of modules and parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, overload

from tilestack._core import Tensor
from tilestack.nn.activation import fused_name
from tilestack.nn.conv import Conv2d
from tilestack.nn.linear import Linear
from tilestack.nn.module import Module, name_path
from tilestack.nn.parameter import Parameter

Self = TypeVar("Self", bound="_Numbered")
FUSING = (Linear.forward, Conv2d.forward)  # take the name of an activation as a second argument


class _Numbered(Module):
    """Children named "0", "1", ... that are used like a list."""

    def _children(self) -> dict[str, Module]:
        return {name: value for name, value in self.__dict__.items() if isinstance(value, Module)}

    def _replace(self, children: Mapping[str, Module]) -> None:
        for name in self._children():
            delattr(self, name)
        for name, child in children.items():
            self.register_module(name, child)

    def _renumber(self, children: Iterable[Module]) -> None:
        self._replace({str(i): child for i, child in enumerate(children)})

    def _name_at(self, index: int) -> str:
        names = list(self._children())
        if not -len(names) <= index < len(names):
            raise IndexError(f"{type(self).__name__}: index {index} is out of range for {len(names)} modules")
        return names[index]

    def __len__(self) -> int:
        return len(self._children())

    def __iter__(self) -> Iterator[Module]:
        return iter(self._children().values())

    def __setitem__(self, index: int, module: Module) -> None:
        self.register_module(self._name_at(index), module)

    def __delitem__(self, index: int | slice) -> None:
        children = list(self)
        del children[index]
        self._renumber(children)

    def append(self: Self, module: Module) -> Self:
        self.register_module(str(len(self)), module)
        return self

    def extend(self: Self, modules: Iterable[Module]) -> Self:
        for module in list(modules):
            self.append(module)
        return self

    def __iadd__(self: Self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def __add__(self: Self, modules: Iterable[Module]) -> Self:
        """A new container of these modules and those."""
        together = type(self)()
        return together.extend(self).extend(modules)

    def insert(self: Self, index: int, module: Module) -> Self:
        children = list(self)
        children.insert(index, module)
        self._renumber(children)
        return self

    def pop(self, index: int = -1) -> Module:
        module: Module = self.__dict__[self._name_at(index)]
        del self[index]
        return module


class Sequential(_Numbered):
    """Calls its modules one after the other: `Sequential(a, b)`, or with names `Sequential({"first": a, "then": b})`.

    A Linear or Conv2d directly before a ReLU, GELU, Sigmoid or Tanh runs as one kernel with it, unless one has hooks.
    """

    _plan: list[tuple[Module, Module | None]] | None = None

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            self._replace(modules[0])
        else:
            for i, module in enumerate(modules):
                self.register_module(str(i), module)  # type: ignore[arg-type]

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__.pop("_plan", None)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        self.__dict__.pop("_plan", None)
        super().__delattr__(name)

    def _make_plan(self) -> list[tuple[Module, Module | None]]:
        """Each module with the activation that it may take along."""
        plan: list[tuple[Module, Module | None]] = []
        children = list(self)
        while children:
            module = children.pop(0)
            fuses = type(module).forward in FUSING and bool(children) and fused_name(children[0]) is not None
            plan.append((module, children.pop(0) if fuses else None))
        self.__dict__["_plan"] = plan
        return plan

    def forward(self, x: Any) -> Any:
        for module, activation in self._plan or self._make_plan():
            if activation is None:
                x = module(x)
            elif module._hooks is None and activation._hooks is None:
                try:
                    x = module.forward(x, fused_name(activation))
                except Exception as error:
                    name_path(error, module)
                    raise
            else:
                x = activation(module(x))
        return x

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module:
        """A module, or for a slice a Sequential of the same modules under their names here."""
        if isinstance(index, slice):
            return type(self)(dict(list(self._children().items())[index]))
        module: Module = self.__dict__[self._name_at(index)]
        return module


class ModuleList(_Numbered):
    """A list of modules that a parent's forward calls as it likes."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(modules or ())

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...
    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        module: Module = self.__dict__[self._name_at(index)]
        return module

    def _repr_children(self) -> list[tuple[str, str]]:
        """Runs of equal children as one line: `(0-11): 12 x Block(...)`."""
        runs: list[tuple[int, int, str]] = []
        for i, child in enumerate(self):
            text = repr(child)
            if runs and runs[-1][2] == text:
                runs[-1] = (runs[-1][0], i, text)
            else:
                runs.append((i, i, text))
        return [(str(a), text) if a == b else (f"{a}-{b}", f"{b - a + 1} x {text}") for a, b, text in runs]


class ModuleDict(Module):
    """Modules under names, used like a dict."""

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        self.update(modules or {})

    def _children(self) -> dict[str, Module]:
        return {name: value for name, value in self.__dict__.items() if isinstance(value, Module)}

    def __getitem__(self, key: str) -> Module:
        return self._children()[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.register_module(key, module)

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._children())

    def __iter__(self) -> Iterator[str]:
        return iter(self._children())

    def __contains__(self, key: object) -> bool:
        return key in self._children()

    def keys(self) -> Iterable[str]:
        return self._children().keys()

    def values(self) -> Iterable[Module]:
        return self._children().values()

    def items(self) -> Iterable[tuple[str, Module]]:
        return self._children().items()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        for key, module in modules.items() if isinstance(modules, Mapping) else modules:
            self[key] = module

    def pop(self, key: str) -> Module:
        module = self[key]
        del self[key]
        return module

    def clear(self) -> None:
        for key in list(self):
            del self[key]


class ParameterList(Module):
    """Parameters named "0", "1", ..., used like a list. Tensors become Parameters."""

    def __init__(self, parameters: Iterable[Tensor] | None = None) -> None:
        super().__init__()
        self.extend(parameters or ())

    def __len__(self) -> int:
        return len(self._own_parameters())

    def __iter__(self) -> Iterator[Parameter]:
        return iter([parameter for _, parameter in self._own_parameters()])

    def __getitem__(self, index: int) -> Parameter:
        return list(self)[index]

    def __setitem__(self, index: int, parameter: Tensor) -> None:
        name = self._own_parameters()[index][0]
        self.register_parameter(name, parameter if isinstance(parameter, Parameter) else Parameter(parameter))

    def append(self, parameter: Tensor) -> ParameterList:
        self.register_parameter(str(len(self)), parameter if isinstance(parameter, Parameter) else Parameter(parameter))
        return self

    def extend(self, parameters: Iterable[Tensor]) -> ParameterList:
        for parameter in list(parameters):
            self.append(parameter)
        return self

    def _repr_children(self) -> list[tuple[str, str]]:
        return [(name, f"Parameter of shape {tuple(p.shape)}, {p.dtype}") for name, p in self._own_parameters()]


class ParameterDict(Module):
    """Parameters under names, used like a dict. Tensors become Parameters."""

    def __init__(self, parameters: Mapping[str, Tensor] | Iterable[tuple[str, Tensor]] | None = None) -> None:
        super().__init__()
        self.update(parameters or {})

    def __getitem__(self, key: str) -> Parameter:
        return dict(self._own_parameters())[key]

    def __setitem__(self, key: str, parameter: Tensor) -> None:
        self.register_parameter(key, parameter if isinstance(parameter, Parameter) else Parameter(parameter))

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._own_parameters())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, key: object) -> bool:
        return key in list(self)

    def keys(self) -> Iterable[str]:
        return [name for name, _ in self._own_parameters()]

    def values(self) -> Iterable[Parameter]:
        return dict(self._own_parameters()).values()

    def items(self) -> Iterable[tuple[str, Parameter]]:
        return dict(self._own_parameters()).items()

    def update(self, parameters: Mapping[str, Tensor] | Iterable[tuple[str, Tensor]]) -> None:
        for key, parameter in parameters.items() if isinstance(parameters, Mapping) else parameters:
            self[key] = parameter

    def _repr_children(self) -> list[tuple[str, str]]:
        return [(name, f"Parameter of shape {tuple(p.shape)}, {p.dtype}") for name, p in self._own_parameters()]
