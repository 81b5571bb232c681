"""Adafactor."""

from __future__ import annotations

import sys
from typing import Any

import tilestack as ts
from tilestack._core import Tensor
from tilestack.optim.optimizer import Optimizer, Params

# Distance from 1 to the next number.
_EPS = {ts.float32: 2.0**-23, ts.float64: 2.0**-52, ts.bfloat16: 2.0**-7, ts.float16: 2.0**-10}


class Adafactor(Optimizer):
    """Adam's second moment as the product of a row and a column, without a first one (Shazeer and Stern, 2018).

    With r and c the running means of g^2 over rows and columns of the last two dimensions, v = r c / mean(r) (of vectors
    the running mean of g^2 itself), whose weight of the new is t^beta2_decay at step t: u = g / sqrt(v);
    w -= max(eps[1], rms(w)) min(lr, 1 / sqrt(t)) u / max(1, rms(u) / d), after w *= 1 - lr weight_decay. eps[0] bounds
    sqrt(v) and mean(r) from below; None: the machine epsilon of the parameter's dtype. maximize: climb instead.
    Composed of tensor ops, in float32 for 16-bit parameters; master_weights: see Optimizer. RuntimeError within
    tilestack.cuda.graph: its rates change from step to step.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        master_weights: bool = True,
    ) -> None:
        options = {"lr": lr, "beta2_decay": beta2_decay, "eps": tuple(eps), "d": d, "weight_decay": weight_decay}
        super().__init__(params, {**options, "maximize": maximize, "master_weights": master_weights})

    def check_options(self, group: dict[str, Any]) -> None:
        for name in ("lr", "weight_decay"):
            self._check_range(group, name, 0)
        self._check_range(group, "d", 1)
        if not group["beta2_decay"] <= 0:
            raise ValueError(f"Adafactor: beta2_decay must not be above 0, got {group['beta2_decay']}")
        for eps in group["eps"]:
            if eps is not None and not eps >= 0:
                raise ValueError(f"Adafactor: eps must be at least 0, got {group['eps']}")

    def state_shape(self, name: str, param: Tensor) -> tuple[int, ...]:
        shape = tuple(param.shape)
        if name == "row_var":
            return (*shape[:-1], 1)
        return (*shape[:-2], 1, shape[-1]) if name == "col_var" else shape

    @ts.no_grad()
    @ts.autocast(enabled=False)
    def update(
        self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor], states: list[dict[str, Any]], step: int
    ) -> None:
        cuda = sys.modules.get("tilestack.cuda")
        if cuda is not None and cuda.capturing() is not None:
            raise RuntimeError("Adafactor: a step can't be captured in a graph; its rates change from step to step")
        masters = self.masters(group, params, states) or [None] * len(params)
        for param, grad, state, master in zip(params, grads, states, masters, strict=True):
            if param.numel() == 0:
                continue
            values = param
            if master is not None:  # which follows where the parameter was written
                values = master.copy_(ts.where(master.to(param.dtype) == param, master, param.float()))
            elif param.dtype in (ts.bfloat16, ts.float16):
                values = param.float()
            self._step(group, values, grad.to(values.dtype), state, step, _EPS[param.dtype])
            if values is not param:
                param.copy_(values)

    def _step(
        self, group: dict[str, Any], w: Tensor, grad: Tensor, state: dict[str, Any], step: int, epsilon: float
    ) -> None:
        g = -grad if group["maximize"] else grad
        eps1 = epsilon if group["eps"][0] is None else group["eps"][0]
        rate = (w.norm() / w.numel() ** 0.5).clamp(min=group["eps"][1]) * min(group["lr"], step**-0.5)
        if group["weight_decay"]:
            w.mul_(1 - group["lr"] * group["weight_decay"])
        u = self._variance(g, state, step ** group["beta2_decay"], eps1).clamp(min=eps1 * eps1).rsqrt() * g
        size = (u.norm() / (u.numel() ** 0.5 * group["d"])).clamp(min=1.0)
        w.sub_(u * (rate / size))

    def _variance(self, g: Tensor, state: dict[str, Any], weight: float, eps: float) -> Tensor:
        def move(name: str, new: Tensor) -> Tensor:
            mean = state.get(name)
            mean = ts.zeros_like(new) if mean is None else mean.to(new.device)
            state[name] = mean.add_(new - mean, alpha=weight)
            return mean

        square = g * g
        if g.dim() < 2:
            return move("variance", square)
        rows, columns = move("row_var", square.mean(-1, keepdim=True)), move("col_var", square.mean(-2, keepdim=True))
        return rows * columns / rows.mean(-2, keepdim=True).clamp(min=eps)
