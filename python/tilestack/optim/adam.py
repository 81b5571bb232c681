"""Adam and its kin, whose updates are made of running means of the gradient and of its square."""

from __future__ import annotations

from typing import Any

from tilestack import _core
from tilestack._core import Tensor
from tilestack.optim.optimizer import Optimizer, Params


class _Moments(Optimizer):
    """Of optimizers with "exp_avg" and "exp_avg_sq" for each parameter."""

    divides_grad_scale = True

    def __init__(self, params: Params, lr: float, betas: tuple[float, float], **options: Any) -> None:
        super().__init__(params, {"lr": lr, "betas": tuple(betas), **options})

    def check_options(self, group: dict[str, Any]) -> None:
        for name in ("lr", "eps", "weight_decay"):
            self._check_range(group, name, 0)
        self._check_range(group, "betas", 0, 1)

    def moments(self, params: list[Tensor], states: list[dict[str, Any]]) -> tuple[list[Tensor], list[Tensor]]:
        return self.buffers(params, states, "exp_avg"), self.buffers(params, states, "exp_avg_sq")

    def common(self, group: dict[str, Any], params: list[Tensor], states: list[dict[str, Any]]) -> dict[str, Any]:
        beta1, beta2 = group["betas"]
        return {**super().common(group, params, states), "beta1": beta1, "beta2": beta2, "eps": group["eps"]}


class Adam(_Moments):
    """w -= lr m' / (sqrt(v') + eps), m' and v' the unbiased running means of g and g^2 (Kingma and Ba, 2015).

    weight_decay is added to g times w. amsgrad: the largest v so far (Reddi et al., 2018). maximize: climb instead.
    master_weights: see Optimizer.
    """

    decoupled = False

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        master_weights: bool = True,
    ) -> None:
        switches = {"amsgrad": amsgrad, "maximize": maximize, "master_weights": master_weights}
        super().__init__(params, lr, betas, eps=eps, weight_decay=weight_decay, **switches)

    def update(
        self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor], states: list[dict[str, Any]], step: int
    ) -> None:
        _core.adam(
            params,
            grads,
            *self.moments(params, states),
            self.buffers(params, states, "max_exp_avg_sq") if group["amsgrad"] else [],
            step=step,
            decoupled=self.decoupled,
            amsgrad=group["amsgrad"],
            **self.common(group, params, states),
        )


class AdamW(Adam):
    """Adam with w *= 1 - lr weight_decay before the step, beside m and v (Loshchilov and Hutter, 2019)."""

    decoupled = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        master_weights: bool = True,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, master_weights=master_weights
        )


class NAdam(_Moments):
    """Adam with Nesterov's momentum (Dozat, 2016).

    w -= lr ((1 - mu) / (1 - mu_product) g + mu_next / (1 - mu_product mu_next) m) / (sqrt(v') + eps), where mu of step t
    is beta1 (1 - 0.96^(t momentum_decay) / 2) and mu_product that of all steps. weight_decay as in Adam, or with
    decoupled_weight_decay as in AdamW. maximize: climb instead. master_weights: see Optimizer.
    """

    numbers = ("step", "mu_product")

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        master_weights: bool = True,
    ) -> None:
        options = {"eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay}
        switches = {"maximize": maximize, "master_weights": master_weights}
        super().__init__(params, lr, betas, **options, decoupled_weight_decay=decoupled_weight_decay, **switches)

    def check_options(self, group: dict[str, Any]) -> None:
        super().check_options(group)
        self._check_range(group, "momentum_decay", 0)

    def update(
        self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor], states: list[dict[str, Any]], step: int
    ) -> None:
        beta1, decay = group["betas"][0], group["momentum_decay"]
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (t * decay)) for t in (step, step + 1))
        product = (states[0].get("mu_product") or 1.0) * mu
        for state in states:
            state["mu_product"] = product
        _core.nadam(
            params,
            grads,
            *self.moments(params, states),
            step=step,
            mu=mu,
            mu_next=mu_next,
            mu_product=product,
            decoupled=group["decoupled_weight_decay"],
            **self.common(group, params, states),
        )


class RAdam(_Moments):
    """Adam that divides by sqrt(v') once enough steps stand behind it, by a rectified rate (Liu et al., 2020).

    Until then w -= lr m'. weight_decay as in Adam, or with decoupled_weight_decay as in AdamW. maximize: climb instead.
    master_weights: see Optimizer.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        master_weights: bool = True,
    ) -> None:
        options = {"decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize}
        super().__init__(
            params, lr, betas, eps=eps, weight_decay=weight_decay, **options, master_weights=master_weights
        )

    def update(
        self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor], states: list[dict[str, Any]], step: int
    ) -> None:
        _core.radam(
            params,
            grads,
            *self.moments(params, states),
            step=step,
            decoupled=group["decoupled_weight_decay"],
            **self.common(group, params, states),
        )


class LAMB(_Moments):
    """Adam's direction d, scaled for each parameter to the parameter's own size (You et al., 2020).

    d = m' / (sqrt(v') + eps) + weight_decay w; w -= lr |w| / |d| d, without the ratio where one of the norms is 0.
    maximize: climb instead. master_weights: see Optimizer.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 1e-2,
        *,
        maximize: bool = False,
        master_weights: bool = True,
    ) -> None:
        switches = {"maximize": maximize, "master_weights": master_weights}
        super().__init__(params, lr, betas, eps=eps, weight_decay=weight_decay, **switches)

    def update(
        self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor], states: list[dict[str, Any]], step: int
    ) -> None:
        _core.lamb(params, grads, *self.moments(params, states), step=step, **self.common(group, params, states))
