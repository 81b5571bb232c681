"""Products of bfloat16 on the CPU: by pairs along the depth where the processor has them, through float32 elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

import tilestack as ts
from harness import BACKENDS

pytestmark = pytest.mark.parametrize("backend", [b for b in BACKENDS if b != "cuda"], indirect=True)


def small_integers(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Mostly zeros, so that sums of some thousand products are whole numbers that bfloat16 holds exactly."""
    return (rng.integers(-2, 3, shape) * (rng.random(shape) < 0.1)).astype(np.float32)


def placed(x: np.ndarray, turned: bool, offset: int, gap: int) -> ts.Tensor:
    """x as bfloat16 whose memory is of the transpose, begins `offset` elements late, and has rows `gap` apart."""
    stored = x.T if turned else x
    rows, cols = stored.shape
    memory = ts.full((rows * (cols + gap) + offset,), float("nan"), dtype=ts.bfloat16)
    view = memory[offset:].reshape(rows, cols + gap)[:, :cols]
    view.copy_(ts.from_numpy(np.ascontiguousarray(stored)))
    return view.transpose(0, 1) if turned else view


@pytest.mark.parametrize(("offset", "gap"), [(0, 0), (1, 0), (0, 1), (2, 4)])
@pytest.mark.parametrize(("a_turned", "b_turned"), [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize(
    ("m", "n", "k"), [(5, 7, 1), (14, 32, 2), (15, 33, 65), (40, 100, 64), (130, 90, 301), (9, 300, 3201)]
)
def test_layouts(backend, m: int, n: int, k: int, a_turned: bool, b_turned: bool, offset: int, gap: int) -> None:
    rng = np.random.default_rng(m)
    a, b = small_integers(rng, (m, k)), small_integers(rng, (k, n))
    got = ts.matmul(placed(a, a_turned, offset, gap), placed(b, b_turned, offset, gap))
    assert np.array_equal(got.float().numpy(), a @ b)


@pytest.mark.parametrize("step", [2, 3])
def test_elements_apart(backend, step: int) -> None:
    rng = np.random.default_rng(step)
    a, b = small_integers(rng, (30, 99 * step)), small_integers(rng, (99 * step, 70))
    got = ts.matmul(ts.from_numpy(a).to(ts.bfloat16)[:, ::step], ts.from_numpy(b).to(ts.bfloat16)[::step])
    assert np.array_equal(got.float().numpy(), a[:, ::step] @ b[::step])


@pytest.mark.parametrize(("m", "n", "k"), [(3, 40, 3000), (12, 40, 3000), (50, 70, 3000), (16, 16, 20000)])
def test_sums_are_of_float32(backend, m: int, n: int, k: int) -> None:
    """What cancels leaves no more than sums in float32 do."""
    rng = np.random.default_rng(k)
    a, b = (ts.from_numpy(rng.standard_normal(shape)).to(ts.bfloat16) for shape in ((m, k), (k, n)))
    got = ts.matmul(ts.cat([a, -a], 1), ts.cat([b, b], 0)).float().numpy()
    size = np.abs(a.float().numpy()) @ np.abs(b.float().numpy())
    assert np.all(np.abs(got) <= 2e-7 * size)


@pytest.mark.parametrize("channels", [1, 3, 8])
def test_convolution_gradients(backend, channels: int) -> None:
    rng = np.random.default_rng(channels)
    x, w = small_integers(rng, (2, channels, 9, 11)), small_integers(rng, (40, channels, 3, 3))
    dy = small_integers(rng, (2, 40, 9, 11))
    results = []
    for dtype in (ts.bfloat16, ts.float64):
        image, weight = (ts.from_numpy(v).to(dtype).requires_grad_() for v in (x, w))
        y = ts.nn.functional.conv2d(image, weight, padding=1)
        y.backward(ts.from_numpy(dy).to(dtype))
        results.append([v.detach().double().numpy() for v in (y, image.grad, weight.grad)])
    for got, wanted in zip(*results, strict=True):
        assert np.array_equal(got, wanted)
