"""Mixed precision: autocast, and scaling of the loss for float16."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tilestack import _core
from tilestack._autocast import autocast
from tilestack._core import Tensor
from tilestack.optim import Optimizer

__all__ = ["GradScaler", "autocast"]


class GradScaler:
    """Multiplies the loss, so that gradients do not vanish in float16, and divides the gradients again.

    A step whose gradients hold infinity or NaN is left out, and the scale multiplied by backoff_factor; after
    growth_interval steps in a row without any it is multiplied by growth_factor. With enabled=False everything passes
    through. device: for torch's callers. It decides on the host, and so waits for a GPU, once a step.

    >>> scaler = ts.amp.GradScaler()
    >>> scaler.scale(loss).backward()
    >>> scaler.unscale_(optimizer)  # only to see or clip the gradients
    >>> nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    >>> scaler.step(optimizer)
    >>> scaler.update()
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if enabled and not (growth_factor > 1 and 0 < backoff_factor < 1 and init_scale > 0 and growth_interval > 0):
            raise ValueError(
                "GradScaler: wanted growth_factor above 1, backoff_factor between 0 and 1, init_scale and growth_interval "
                f"above 0, got {growth_factor}, {backoff_factor}, {init_scale} and {growth_interval}"
            )
        self._enabled = enabled
        self._scale = float(init_scale)
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval, self._growth_tracker = growth_interval, 0
        self._found: dict[int, bool] = {}  # id of each optimizer seen since the last update -> found infinity or NaN
        self._unscaled: set[int] = set()
        self._stepped: set[int] = set()

    def scale(self, outputs: Any) -> Any:
        """A tensor, or the tensors in a list or tuple, times the scale."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            return outputs * self._scale
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(self.scale(output) for output in outputs)
        raise ValueError(
            f"GradScaler.scale: wanted a tensor, or a list or tuple of tensors, got {type(outputs).__name__}"
        )

    def unscale_(self, optimizer: Optimizer) -> None:
        """Divides the optimizer's gradients by the scale and notes whether one is not finite; once before each step.

        Of 16-bit parameters the quotients are rounded to 16 bits; step() without unscale_() divides in float32.
        """
        if not self._enabled:
            return
        key = id(optimizer)
        if key in self._unscaled:
            raise RuntimeError("unscale_: it was already called on this optimizer since the last update()")
        if key in self._stepped:
            raise RuntimeError("unscale_: it was called after step()")
        self._look(optimizer)
        for grads in _grads_by_device(optimizer):
            _core.scale(grads, 1 / self._scale)
        self._unscaled.add(key)

    def step(self, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        """optimizer.step(*args, **kwargs) with gradients divided by the scale; nothing, if one of them is not finite."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if args or kwargs.get("closure") is not None:
            raise RuntimeError("GradScaler.step: takes no closure")
        key = id(optimizer)
        if key in self._stepped:
            raise RuntimeError("GradScaler.step: it was already called on this optimizer since the last update()")
        if key not in self._unscaled:
            if optimizer.divides_grad_scale:
                self._look(optimizer)
            else:
                self.unscale_(optimizer)
        self._stepped.add(key)
        if self._found[key]:
            return None
        optimizer.grad_scale = 1.0 if key in self._unscaled else self._scale
        try:
            return optimizer.step(**kwargs)
        finally:
            optimizer.grad_scale = 1.0

    def _look(self, optimizer: Optimizer) -> None:
        norms = [_core.grad_norm(grads, math.inf).item() for grads in _grads_by_device(optimizer)]
        if not norms:
            raise RuntimeError("GradScaler: the optimizer has no gradients; call scale(loss).backward() first")
        self._found[id(optimizer)] = not all(math.isfinite(norm) for norm in norms)

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Ends the iteration: adapts the scale to what the steps found, or sets it to new_scale."""
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale.item() if isinstance(new_scale, Tensor) else new_scale)
        elif not self._found:
            raise RuntimeError("GradScaler.update: no gradients were looked at; call step() first")
        elif any(self._found.values()):
            self._scale *= self._backoff_factor
            self._growth_tracker = 0
        else:
            self._growth_tracker += 1
            if self._growth_tracker == self._growth_interval:
                grown = self._scale * self._growth_factor
                self._scale = grown if grown < 3.4e38 else self._scale
                self._growth_tracker = 0
        self._found.clear()
        self._unscaled.clear()
        self._stepped.clear()

    def found_inf(self, optimizer: Optimizer) -> bool:
        """Whether the gradients of this iteration held infinity or NaN."""
        return self._found.get(id(optimizer), False)

    def is_enabled(self) -> bool:
        return self._enabled

    def get_scale(self) -> float:
        return self._scale if self._enabled else 1.0

    def get_growth_factor(self) -> float:
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        self._growth_interval = new_interval

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers, to be saved after update(); empty where it is not enabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self._scale,
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "GradScaler.load_state_dict: the state is empty, as that of a scaler that is not enabled"
            )
        self._scale, self._growth_tracker = float(state_dict["scale"]), int(state_dict["_growth_tracker"])
        self._growth_factor, self._backoff_factor = state_dict["growth_factor"], state_dict["backoff_factor"]
        self._growth_interval = int(state_dict["growth_interval"])


def _grads_by_device(optimizer: Optimizer) -> list[list[Tensor]]:
    found: dict[str, list[Tensor]] = {}
    for group in optimizer.param_groups:
        for param in group["params"]:
            if param.grad is not None:
                found.setdefault(str(param.grad.device), []).append(param.grad)
    return list(found.values())
