"""The training step of bench.train's MLP in jax, compiled whole, which has no layers of its own to port to."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from bench import peers

SIZES = (784, 512, 512, 10)


def step_of(arrays: tuple[np.ndarray, ...], lr: float) -> Callable[[], None]:
    jax = peers.find("jax")
    jnp, rng = jax.numpy, np.random.default_rng(0)
    images, labels = (jnp.asarray(x) for x in arrays)
    weights = [
        (jnp.asarray(rng.standard_normal((n, k), dtype=np.float32) * np.float32(k**-0.5)), jnp.zeros(k))
        for n, k in itertools.pairwise(SIZES)
    ]
    zeros = jax.tree.map(jnp.zeros_like, weights)

    def loss(weights: Any) -> Any:
        x = images
        for i, (w, b) in enumerate(weights):
            x = x @ w + b
            x = jax.nn.relu(x) if i < len(weights) - 1 else x
        return -jnp.take_along_axis(jax.nn.log_softmax(x), labels[:, None], 1).mean()

    @jax.jit
    def adamw(weights: Any, first: Any, second: Any, step: Any) -> Any:
        gradients = jax.grad(loss)(weights)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
        a, b = 1 - 0.9**step, 1 - 0.999**step

        def moved(w: Any, m: Any, v: Any) -> Any:
            return w * (1 - 0.01 * lr) - lr * (m / a) / (jnp.sqrt(v / b) + 1e-8)

        return jax.tree.map(moved, weights, first, second), first, second, step + 1

    state = (weights, zeros, zeros, jnp.float32(1))

    def call() -> None:
        nonlocal state
        state = jax.block_until_ready(adamw(*state))

    return call
