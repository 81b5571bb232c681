"""Muon."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tilestack as ts
from tilestack import _core
from tilestack._core import Tensor
from tilestack.optim.optimizer import Optimizer, Params

_RATES = (None, "original", "match_rms_adamw")


class Muon(Optimizer):
    """Steps that are orthogonal matrices: b += (1 - momentum) (g - b); w -= lr' orthogonal(b) (Jordan et al., 2024).

    For matrices alone, best those inside a net; embeddings, heads, vectors are for another optimizer (see
    tilestack.optim.decay_groups). nesterov: of g + momentum (b - g). w *= 1 - lr weight_decay before the step.
    orthogonal: ns_steps Newton-Schulz steps a x + (b x x^T + c (x x^T)^2) x in bfloat16, with (a, b, c) =
    ns_coefficients, from the matrix over its norm (at least eps); singular values come near 1. lr' is lr
    sqrt(max(1, rows / columns)), or with adjust_lr_fn="match_rms_adamw" lr 0.2 sqrt(max(rows, columns)).
    Composed of matrix products; master_weights: see Optimizer.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
        *,
        master_weights: bool = True,
    ) -> None:
        options = {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov, "eps": eps}
        more = {"ns_coefficients": tuple(ns_coefficients), "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn}
        super().__init__(params, {**options, **more, "master_weights": master_weights})

    def check_options(self, group: dict[str, Any]) -> None:
        for name in ("lr", "weight_decay", "momentum", "eps"):
            self._check_range(group, name, 0)
        self._check_range(group, "ns_steps", 0, 100)
        if group["adjust_lr_fn"] not in _RATES:
            raise ValueError(f"Muon: adjust_lr_fn must be one of {_RATES}, got {group['adjust_lr_fn']!r}")
        if len(group["ns_coefficients"]) != 3:
            raise ValueError(f"Muon: ns_coefficients must be three numbers, got {group['ns_coefficients']}")
        for param in group["params"]:
            if param.dim() != 2:
                raise ValueError(f"Muon: parameters must be matrices, got one of shape {tuple(param.shape)}")

    @ts.no_grad()
    @ts.autocast(enabled=False)
    def update(
        self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor], states: list[dict[str, Any]], step: int
    ) -> Callable[[], None]:
        momentum, directions = group["momentum"], []
        for param, grad, mean in zip(params, grads, self.buffers(params, states, "momentum_buffer"), strict=True):
            grad = grad.to(mean.dtype)
            mean.add_(grad - mean, alpha=1 - momentum)
            mixed = ts.lerp(grad, mean, momentum) if group["nesterov"] else mean
            directions.append(_orthogonal(mixed, group).to(param.dtype).contiguous())

        def apply() -> None:
            lr = group["lr"]
            masters = self.masters(group, params, states)
            for i, (param, direction) in enumerate(zip(params, directions, strict=True)):
                rate = _adjusted(lr, group["adjust_lr_fn"], *param.shape)
                decay = lr * group["weight_decay"] / rate if rate else 0.0
                _core.sgd([param], [direction], [], lr=rate, weight_decay=decay, master_params=masters[i : i + 1])

        apply()
        return apply


def _adjusted(lr: float, how: str | None, rows: int, columns: int) -> float:
    if how == "match_rms_adamw":
        return lr * 0.2 * math.sqrt(max(rows, columns))
    return lr * math.sqrt(max(1, rows / max(1, columns)))


def _orthogonal(matrix: Tensor, group: dict[str, Any]) -> Tensor:
    a, b, c = group["ns_coefficients"]
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.t() if tall else matrix).to(ts.bfloat16)
    x = x / x.norm().clamp(min=group["eps"])
    for _ in range(group["ns_steps"]):
        gram = x @ x.t()
        change = (b * gram.float() + c * (gram @ gram).float()).to(ts.bfloat16) @ x
        x = (a * x.float() + change.float()).to(ts.bfloat16)
    return x.t() if tall else x
