"""RMSprop."""

from __future__ import annotations

from typing import Any

from tilestack import _core
from tilestack._core import Tensor
from tilestack.optim.optimizer import Optimizer, Params


class RMSprop(Optimizer):
    """v = alpha v + (1 - alpha) g^2; w -= lr g / (sqrt(v) + eps) (Hinton, lecture 6e of 2012).

    centered: v less the square of g's running mean (Graves, 2013). momentum: of the whole step. maximize: climb.
    """

    divides_grad_scale = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
        master_weights: bool = True,
    ) -> None:
        options = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum}
        switches = {"centered": centered, "maximize": maximize, "master_weights": master_weights}
        super().__init__(params, {**options, **switches})

    def check_options(self, group: dict[str, Any]) -> None:
        for name in ("lr", "alpha", "eps", "weight_decay", "momentum"):
            self._check_range(group, name, 0)

    def update(
        self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor], states: list[dict[str, Any]], step: int
    ) -> None:
        _core.rmsprop(
            params,
            grads,
            self.buffers(params, states, "square_avg"),
            self.buffers(params, states, "grad_avg") if group["centered"] else [],
            self.buffers(params, states, "momentum_buffer") if group["momentum"] else [],
            alpha=group["alpha"],
            eps=group["eps"],
            momentum=group["momentum"],
            centered=group["centered"],
            **self.common(group, params, states),
        )
