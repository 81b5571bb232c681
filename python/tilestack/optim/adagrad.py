"""Adagrad."""

from __future__ import annotations

from typing import Any

from tilestack import _core
from tilestack._core import Tensor
from tilestack.optim.optimizer import Optimizer, Params


class Adagrad(Optimizer):
    """s += g^2; w -= lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps) at step t (Duchi et al., 2011).

    s begins at initial_accumulator_value. weight_decay is added to g times w. maximize: climb instead. master_weights: see
    Optimizer.
    """

    divides_grad_scale = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
        master_weights: bool = True,
    ) -> None:
        options = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay}
        more = {"initial_accumulator_value": initial_accumulator_value, "maximize": maximize}
        super().__init__(params, {**options, **more, "master_weights": master_weights})

    def check_options(self, group: dict[str, Any]) -> None:
        for name in ("lr", "lr_decay", "eps", "weight_decay", "initial_accumulator_value"):
            self._check_range(group, name, 0)

    def update(
        self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor], states: list[dict[str, Any]], step: int
    ) -> None:
        _core.adagrad(
            params,
            grads,
            self.buffers(params, states, "sum", group["initial_accumulator_value"]),
            step=step,
            lr_decay=group["lr_decay"],
            eps=group["eps"],
            **self.common(group, params, states),
        )
