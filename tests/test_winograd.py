"""Convolutions with stride 1 by Winograd's method, beside plain sums in float64."""

from __future__ import annotations

import numpy as np
import pytest

import tilestack as ts

F = ts.nn.functional


def convolve(dtype: str, x: tuple, w: tuple, activation: str | None, **steps: object) -> list[np.ndarray]:
    """The output and the gradients of x, weight and bias."""
    rng = np.random.default_rng(1)
    scale = (w[1] * 9) ** -0.5
    arrays = rng.standard_normal(x), rng.standard_normal(w) * scale, rng.standard_normal(w[0])
    inputs = [ts.from_numpy(a.astype(dtype)).requires_grad_() for a in arrays]
    y = F.fused_conv2d(*inputs, **steps, activation=activation) if activation else F.conv2d(*inputs, **steps)
    y.backward(ts.from_numpy(rng.standard_normal(y.shape).astype(dtype)))
    return [y.detach().numpy(), *(t.grad.numpy() for t in inputs)]


@pytest.mark.parametrize("isa", ts._core.isas(), indirect=True)
@pytest.mark.parametrize(
    ("x", "w", "activation", "steps"),
    [
        ((1, 24, 13, 9), (16, 24, 3, 3), None, {"padding": 1}),
        ((9, 40, 14, 14), (48, 40, 3, 3), None, {"padding": 1}),
        ((2, 40, 7, 6), (36, 40, 3, 3), None, {"padding": 1}),
        ((1, 40, 9, 9), (16, 40, 5, 5), None, {"padding": 2}),
        ((2, 96, 12, 12), (96, 32, 3, 3), "relu", {"padding": 1, "groups": 3}),
        ((1, 64, 13, 9), (17, 64, 3, 3), None, {"padding": 1}),
        ((3, 70, 7, 7), (66, 70, 3, 3), "relu", {"padding": (1, 0)}),
        ((2, 64, 30, 5), (64, 64, 3, 3), "gelu_tanh", {}),
        ((2, 128, 9, 9), (160, 64, 3, 3), None, {"padding": 2, "groups": 2}),
        ((1, 130, 14, 15), (140, 130, 3, 3), None, {"padding": 1}),
        ((44, 64, 13, 14), (65, 64, 3, 3), "relu", {"padding": 1}),
        ((2, 28, 11, 10), (20, 28, 5, 5), None, {"padding": 2}),
        ((2, 64, 9, 17), (60, 32, 5, 5), "relu", {"padding": (1, 3), "groups": 2}),
        ((1, 24, 14, 15), (33, 24, 7, 7), None, {"padding": 3}),
        ((3, 30, 9, 13), (24, 30, 3, 5), None, {"padding": (1, 2)}),
        ((2, 26, 13, 9), (40, 26, 4, 6), "gelu", {}),
        ((2, 64, 30, 30), (200, 64, 6, 6), None, {"padding": 2}),
    ],
)
def test_winograd_beside_plain_sums(isa: str, x: tuple, w: tuple, activation: str | None, steps: dict) -> None:
    exact = convolve("float64", x, w, activation, **steps)
    for name, got, want in zip(
        ("y", "dx", "dw", "db"), convolve("float32", x, w, activation, **steps), exact, strict=True
    ):
        error = np.abs(got - want).max() / np.sqrt((want**2).mean())
        assert error < 2e-5, f"{name}: {error}"


@pytest.mark.parametrize(("channels", "taps"), [(64, 3), (160, 3), (40, 5)])
def test_winograd_gives_the_same_bits_on_any_number_of_threads(channels: int, taps: int) -> None:
    threads = ts.get_num_threads()
    try:
        results = []
        for n in (1, 2, 3):
            ts.set_num_threads(n)
            results.append(
                convolve("float32", (6, channels, 20, 20), (channels, channels, taps, taps), None, padding=1)
            )
    finally:
        ts.set_num_threads(threads)
    for other in results[1:]:
        assert all((a == b).all() for a, b in zip(results[0], other, strict=True))
