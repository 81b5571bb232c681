"""The base of optimizers: parameter groups, state, and saving both."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import tilestack as ts
from tilestack._core import Tensor

Params = Iterable[Tensor] | Iterable[Mapping[str, Any]] | Iterable[tuple[str, Tensor]]


_HALVES = (ts.bfloat16, ts.float16)
_MASTER = "master_param"


def state_like(param: Tensor, fill: float = 0) -> Tensor:
    """A tensor in the parameter's shape and memory order, float32 for 16-bit parameters."""
    return ts.full_like(param, fill, dtype=ts.float64 if param.dtype == ts.float64 else ts.float32)


def _graph_under_capture() -> Any:
    cuda = sys.modules.get("tilestack.cuda")
    return cuda.capturing() if cuda else None


class Optimizer:
    """Updates parameters by their gradients.

    param_groups: dicts with "params" and the options of these parameters. state: for each parameter that was updated, a
    dict of tensors of its shape and the number of steps.
    A subclass defines `update(group, params, grads, states, step)`.

    master_weights, where an optimizer has it: 16-bit parameters get a float32 copy in the state, "master_param", to which
    updates are added and of which the parameter is the rounding; without it updates below half a unit in the last place
    are lost. What is written to the parameter by others counts: the copy follows.
    """

    numbers: tuple[str, ...] = ("step",)  # in a parameter's state; all else there is a tensor
    divides_grad_scale = False  # update() divides gradients by self.grad_scale
    grad_scale = 1.0

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.state: dict[Tensor, dict[str, Any]] = {}
        self.param_groups: list[dict[str, Any]] = []
        if isinstance(params, Tensor):
            raise TypeError(f"{type(self).__name__}: params must be an iterable of tensors or dicts, got a Tensor")
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError(f"{type(self).__name__}: there are no parameters to optimize")
        for group in groups if isinstance(groups[0], Mapping) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Add parameters with options of their own. Raises ValueError for parameters that are there already."""
        name = type(self).__name__
        if not isinstance(param_group, Mapping) or "params" not in param_group:
            raise TypeError(f'{name}: a parameter group must be a dict with "params", got {param_group!r}')
        given = param_group["params"]
        params = [given] if isinstance(given, Tensor) else list(given)
        params = [param[1] if isinstance(param, tuple) else param for param in params]
        known = {id(param) for group in self.param_groups for param in group["params"]}
        for param in params:
            if not isinstance(param, Tensor):
                raise TypeError(f"{name}: can only optimize tensors, got {type(param).__name__}")
            if not param.is_leaf or not param.dtype.is_floating_point:
                kind = "the result of an op" if not param.is_leaf else f"of dtype {param.dtype}"
                raise ValueError(f"{name}: can only optimize float leaf tensors, got one that is {kind}")
            if id(param) in known:
                raise ValueError(f"{name}: a parameter of shape {tuple(param.shape)} appears more than once")
            known.add(id(param))
        group = {**self.defaults, **param_group, "params": params}
        self.check_options(group)
        self.param_groups.append(group)

    def check_options(self, group: dict[str, Any]) -> None:
        """Raise ValueError for options out of range."""

    def _check_range(self, group: dict[str, Any], name: str, low: float, high: float = float("inf")) -> None:
        for value in group[name] if isinstance(group[name], (tuple, list)) else (group[name],):
            if not (low <= value < high):
                bound = "" if high == float("inf") else f" and less than {high:g}"
                raise ValueError(f"{type(self).__name__}: {name} must be at least {low:g}{bound}, got {group[name]}")

    def zero_grad(self, set_to_none: bool = True) -> None:
        for group in self.param_groups:
            for param in group["params"]:
                if set_to_none:
                    param.grad = None
                elif param.grad is not None:
                    param.grad.zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient. closure: computes loss and gradients first; returns the loss."""
        loss = None
        if closure is not None:
            with ts.enable_grad():
                loss = closure()
        graph = _graph_under_capture()
        for group in self.param_groups:
            for step, (params, grads, states) in self._gather(group).items():
                if graph is None:
                    self.update(group, params, grads, states, step)
                else:
                    graph.add_refresher(self._capture(group, params, grads, states, step))
        return loss

    def _capture(self, group: dict[str, Any], *step_of: Any) -> Callable[[], None]:
        """Records the update; returns what its launches do on the host: count, and take the options of the moment."""
        params, grads, states, step = step_of
        numbers = [{key: state.get(key) for key in self.numbers} for state in states]
        again = self.update(group, params, grads, states, step)
        for state, before in zip(states, numbers, strict=True):  # captured, not done
            state.update(before, step=step - 1)

        def refresh() -> None:
            for state in states:
                state["step"] += 1
            if again is not None:
                again()
            else:
                self.update(group, params, grads, states, states[0]["step"])

        return refresh

    def _gather(self, group: dict[str, Any]) -> dict[int, tuple[list[Tensor], list[Tensor], list[dict[str, Any]]]]:
        """The parameters with a gradient and their state, by the number of the step (nearly always one for all)."""
        by_step: dict[int, tuple[list[Tensor], list[Tensor], list[dict[str, Any]]]] = {}
        current = 0
        for param in group["params"]:
            grad = param.grad
            if grad is None:
                continue
            state = self.state.get(param)
            if state is None:
                state = self.state[param] = {"step": 0}
            state["step"] = step = state["step"] + 1
            if step != current:
                current, (params, grads, states) = step, by_step.setdefault(step, ([], [], []))
            params.append(param)
            grads.append(grad)
            states.append(state)
        return by_step

    def buffers(self, params: list[Tensor], states: list[dict[str, Any]], name: str, fill: float = 0) -> list[Tensor]:
        """One kind of state of all parameters, beside them; filled with `fill` where there is none yet."""
        try:
            found = [state[name] for state in states]
        except KeyError:
            for param, state in zip(params, states, strict=True):
                if name not in state:
                    state[name] = state_like(param, fill)
            found = [state[name] for state in states]
        if found and found[0].device != params[0].device:  # the model was moved
            for param, state in zip(params, states, strict=True):
                state[name] = state[name].to(param.device)
            found = [state[name] for state in states]
        return found

    def masters(self, group: dict[str, Any], params: list[Tensor], states: list[dict[str, Any]]) -> list[Any]:
        """float32 copies of the 16-bit parameters, None beside the others; empty where none is wanted."""
        if not group.get("master_weights", False) or not any(param.dtype in _HALVES for param in params):
            return []
        for param, state in zip(params, states, strict=True):
            if param.dtype not in _HALVES:
                state.pop(_MASTER, None)
            elif _MASTER not in state:
                state[_MASTER] = state_like(param).copy_(param.detach())
            elif state[_MASTER].device != param.device:
                state[_MASTER] = state[_MASTER].to(param.device)
        return [state.get(_MASTER) for state in states]

    def common(self, group: dict[str, Any], params: list[Tensor], states: list[dict[str, Any]]) -> dict[str, Any]:
        """The arguments that the ops of all optimizers have."""
        return {
            "lr": group["lr"],
            "weight_decay": group["weight_decay"],
            "maximize": group["maximize"],
            "grad_scale": self.grad_scale,
            "master_params": self.masters(group, params, states),
        }

    def update(
        self,
        group: dict[str, Any],
        params: list[Tensor],
        grads: list[Tensor],
        states: list[dict[str, Any]],
        step: int,
    ) -> Callable[[], None] | None:
        """Update these parameters, for which it is this step. In a graph its launches call it again on the host, to take
        new options, or what it returned in its stead."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """{"state": {number: ...}, "param_groups": [...]}, with numbers for the parameters; shares memory."""
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for param in group["params"]:
                numbers[id(param)] = len(numbers)
            groups.append({**group, "params": [numbers[id(param)] for param in group["params"]]})
        state = {numbers[id(param)]: dict(values) for param, values in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over options and (copies of) state. Raises ValueError, with nothing changed, if it does not fit."""
        name = type(self).__name__
        groups = state_dict["param_groups"]
        sizes, wanted = ([len(group["params"]) for group in side] for side in (groups, self.param_groups))
        if sizes != wanted:
            raise ValueError(f"{name}.load_state_dict: wanted groups of {wanted} parameters, got {sizes}")
        pairs = [
            (number, param)
            for saved, group in zip(groups, self.param_groups, strict=True)
            for number, param in zip(saved["params"], group["params"], strict=True)
        ]
        merged = [
            {**group, **saved, "params": group["params"]}
            for saved, group in zip(groups, self.param_groups, strict=True)
        ]
        for group in merged:
            self.check_options(group)
        saved_state = {int(number): values for number, values in state_dict["state"].items()}
        state = {
            param: self._load_state(number, param, saved_state[number])
            for number, param in pairs
            if number in saved_state
        }
        self.param_groups, self.state = merged, state

    def state_shape(self, name: str, param: Tensor) -> tuple[int, ...]:
        """The shape of an entry of the state."""
        return tuple(param.shape)

    def _load_state(self, number: int, param: Tensor, saved: Mapping[str, Any]) -> dict[str, Any]:
        state: dict[str, Any] = {"step": 1}  # which torch's SGD does not keep
        for key, value in saved.items():
            if key in self.numbers:
                value = value.item() if isinstance(value, Tensor) else value
                state[key] = int(value) if key == "step" else float(value)
            elif isinstance(value, Tensor):
                shape = self.state_shape(key, param)
                if tuple(value.shape) != shape:
                    raise ValueError(
                        f"{type(self).__name__}.load_state_dict: {key} of parameter {number} must have shape "
                        f"{shape}, got {tuple(value.shape)}"
                    )
                # Same memory order as the kernel will walk, whatever that of the saved tensor.
                like = state_like(param)
                if shape != tuple(param.shape):
                    like = ts.zeros(shape, dtype=like.dtype, device=param.device)
                state[key] = like.copy_(value.detach())
            elif value is not None:
                state[key] = value
        return state

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])
