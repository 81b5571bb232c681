"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from tilestack import _core
from tilestack._core import Tensor
from tilestack.optim.optimizer import Optimizer, Params


class SGD(Optimizer):
    """g += weight_decay w; v = momentum v + (1 - dampening) g; w -= lr v, or with nesterov lr (g + momentum v).

    The first v is g. maximize: climb instead.
    """

    divides_grad_scale = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        master_weights: bool = True,
    ) -> None:
        options = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        switches = {"nesterov": nesterov, "maximize": maximize, "master_weights": master_weights}
        super().__init__(params, {**options, **switches})

    def check_options(self, group: dict[str, Any]) -> None:
        for name in ("lr", "momentum", "weight_decay"):
            self._check_range(group, name, 0)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError(
                f"SGD: nesterov needs momentum and no dampening, got momentum {group['momentum']} and dampening "
                f"{group['dampening']}"
            )

    def update(
        self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor], states: list[dict[str, Any]], step: int
    ) -> None:
        _core.sgd(
            params,
            grads,
            self.buffers(params, states, "momentum_buffer") if group["momentum"] else [],
            momentum=group["momentum"],
            dampening=group["dampening"],
            nesterov=group["nesterov"],
            first=step == 1,
            **self.common(group, params, states),
        )
