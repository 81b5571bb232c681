"""Lion."""

from __future__ import annotations

from typing import Any

from tilestack import _core
from tilestack._core import Tensor
from tilestack.optim.optimizer import Optimizer, Params


class Lion(Optimizer):
    """w -= lr (sign(beta1 m + (1 - beta1) g) + weight_decay w); m = beta2 m + (1 - beta2) g (Chen et al., 2023).

    Every element moves by lr, so lr is to be three to ten times smaller than AdamW's, and weight_decay as much larger.
    maximize: climb instead. master_weights: see Optimizer.
    """

    divides_grad_scale = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        master_weights: bool = True,
    ) -> None:
        options = {"lr": lr, "betas": tuple(betas), "weight_decay": weight_decay}
        super().__init__(params, {**options, "maximize": maximize, "master_weights": master_weights})

    def check_options(self, group: dict[str, Any]) -> None:
        for name in ("lr", "weight_decay"):
            self._check_range(group, name, 0)
        self._check_range(group, "betas", 0, 1)

    def update(
        self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor], states: list[dict[str, Any]], step: int
    ) -> None:
        beta1, beta2 = group["betas"]
        averages = self.buffers(params, states, "exp_avg")
        _core.lion(params, grads, averages, beta1=beta1, beta2=beta2, **self.common(group, params, states))
