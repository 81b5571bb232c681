"""The GPU's attention of 16-bit floats against float64, within what rounding explains. Skipped without a GPU.
TILESTACK_ATTENTION=simt or mma forces plainer kernels than the device would take."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tilestack as ts

attention = ts.nn.functional.scaled_dot_product_attention
pytestmark = pytest.mark.skipif(not ts.cuda.is_available(), reason=f"no GPU: {ts.cuda.why_not()}")
# Relative, and below the smallest normal number.
ROUNDING = {"bfloat16": (2.0**-8, 0.0), "float16": (2.0**-11, 2.0**-25)}
TOKENS = [(1, 1), (1, 257), (63, 64), (64, 63), (65, 129), (128, 65), (129, 200), (200, 127), (257, 257)]


def numbers(x: ts.Tensor) -> np.ndarray:
    return np.asarray(x.detach().to("cpu").to(ts.float64).numpy())


def normal(rng: np.random.Generator, shape: tuple[int, ...], dtype: str, turned: bool = False) -> ts.Tensor:
    """(batch, heads, tokens, size) on the GPU; `turned`: heads within tokens, and 8 elements between these."""
    if not turned:
        return ts.tensor(rng.standard_normal(shape).astype(np.float32)).to(getattr(ts, dtype)).to("cuda")
    batch, heads, tokens, size = shape
    return normal(rng, (batch, tokens, heads, size + 8), dtype)[..., :size].transpose(1, 2)


def grouped(x: np.ndarray, heads: int) -> np.ndarray:
    """Summed over the heads that share one."""
    return x.reshape(x.shape[0], heads, -1, *x.shape[2:]).sum(2)


def expected(
    q, k, v, dy, causal: bool, scale: float, rounding: tuple[float, float]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """y, dq, dk, dv, each with the error that is allowed: the probabilities, the slopes of the scores, y itself, which
    backward reads, and the results are rounded. A quarter more for sums and exponentials in float32."""
    u, floor, heads = 1.25 * rounding[0], rounding[1], k.shape[1]
    kk, vv = (np.repeat(x, q.shape[1] // heads, 1) for x in (k, v))
    scores = q @ kk.swapaxes(-1, -2) * scale
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    p = np.exp(scores - scores.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    y = p @ vv
    ds = p * (dy @ vv.swapaxes(-1, -2) - (dy * y).sum(-1, keepdims=True)) * scale
    of_p = u * p + floor
    of_y = of_p @ np.abs(vv) + u * np.abs(y)
    of_ds = u * np.abs(ds) + (p * (np.abs(dy) * of_y).sum(-1, keepdims=True) + 1e-5 * p + floor) * scale
    dk, dv = (grouped(x.swapaxes(-1, -2) @ z, heads) for x, z in ((ds, q), (p, dy)))
    of_dk, of_dv = (grouped(x.swapaxes(-1, -2) @ np.abs(z), heads) for x, z in ((of_ds, q), (of_p, dy)))
    return [
        (y, of_y),
        (ds @ kk, of_ds @ np.abs(kk) + u * np.abs(ds @ kk)),
        (dk, of_dk + u * np.abs(dk)),
        (dv, of_dv + u * np.abs(dv)),
    ]


def run(
    shapes: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]],
    dtype: str,
    causal: bool = False,
    turned: bool = False,
    scale: float | None = None,
) -> list[np.ndarray]:
    """Checks y and the gradients, and returns them."""
    rng = np.random.default_rng(sum(map(sum, shapes)))
    q, k, v, dy = (normal(rng, s, dtype, turned) for s in (*shapes, (*shapes[0][:-1], shapes[2][-1])))
    values = [numbers(x) for x in (q, k, v, dy)]
    leaves = [x.requires_grad_() for x in (q, k, v)]
    y = attention(*leaves, is_causal=causal, scale=scale, enable_gqa=True)
    y.backward(dy)
    got = [numbers(x) for x in (y, *(x.grad for x in leaves))]
    pairs = expected(*values, causal, shapes[0][-1] ** -0.5 if scale is None else scale, ROUNDING[dtype])
    for name, x, (want, allowed) in zip(("y", "dq", "dk", "dv"), got, pairs, strict=True):
        excess = np.abs(x - want) / (allowed + 2.0**-25)
        assert (excess <= 1).all(), f"{name} is off by {np.nanmax(excess):.2f} of what is allowed"
    return got


@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize("size", [64, 128])
@pytest.mark.parametrize("causal", [False, True], ids=["all", "causal"])
def test_tokens(dtype: str, size: int, causal: bool) -> None:
    for queries, keys in TOKENS:
        run(((1, 1, queries, size), (1, 1, keys, size), (1, 1, keys, size)), dtype, causal)


@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize("turned", [False, True], ids=["apart", "within tokens"])
def test_heads(dtype: str, turned: bool) -> None:
    for causal in (False, True):
        run(((2, 2, 70, 64), (2, 2, 140, 64), (2, 2, 140, 64)), dtype, causal, turned)
        run(((2, 4, 70, 128), (2, 2, 70, 128), (2, 2, 70, 128)), dtype, causal, turned)
        run(((1, 3, 130, 64), (1, 1, 130, 64), (1, 1, 130, 64)), dtype, causal, turned)


@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize(("size", "value_size"), [(40, 40), (80, 80), (64, 96), (128, 48), (32, 32), (16, 64)])
def test_sizes_of_heads(dtype: str, size: int, value_size: int) -> None:
    """Those that are padded, to 64 or to 128."""
    run(((1, 2, 70, size), (1, 2, 133, size), (1, 2, 133, value_size)), dtype)
    run(((1, 2, 133, size), (1, 2, 70, size), (1, 2, 70, value_size)), dtype, causal=True, turned=True)


@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize("scale", [1.0, 0.02, 0.0])
def test_scales(dtype: str, scale: float) -> None:
    """Steep and flat: with 1, the largest score moves far from one tile of keys to the next."""
    run(((1, 1, 130, 64), (1, 1, 400, 64), (1, 1, 400, 64)), dtype, scale=scale)


@pytest.mark.parametrize("dtype", ROUNDING)
def test_expanded_heads(dtype: str) -> None:
    """Heads and batches that are one in memory."""
    rng = np.random.default_rng(0)
    q, k = normal(rng, (1, 1, 70, 64), dtype).expand(2, 3, 70, 64), normal(rng, (1, 1, 140, 64), dtype)
    wide = k.expand(2, 3, 140, 64)
    y = numbers(attention(q, wide, wide))
    np.testing.assert_array_equal(y, np.broadcast_to(numbers(attention(q[:1, :1], k, k)), y.shape))


@pytest.mark.parametrize("dtype", ROUNDING)
def test_gradients_that_repeat(dtype: str) -> None:
    """As of sums: one head's for all of them, then one row's, which TMA can't describe."""
    rng = np.random.default_rng(0)
    q, k, v = (normal(rng, (2, 2, 70, 64), dtype) for _ in range(3))

    def gradients(dy: ts.Tensor) -> list[np.ndarray]:
        leaves = [x.detach().requires_grad_() for x in (q, k, v)]
        attention(*leaves).backward(dy)
        return [numbers(x.grad) for x in leaves]

    dy = normal(rng, (1, 1, 70, 64), dtype).expand(2, 2, 70, 64)
    for x, want in zip(gradients(dy), gradients(dy.contiguous()), strict=True):
        np.testing.assert_array_equal(x, want)
    dy = dy[:, :, :1].expand(2, 2, 70, 64)
    for x, want in zip(gradients(dy), gradients(dy.contiguous()), strict=True):
        np.testing.assert_allclose(x, want, rtol=0, atol=16 * ROUNDING[dtype][0] * np.abs(want).max())


def results() -> bytes:
    shapes = [((1, 2, 200, size), (1, 1, 257, size), (1, 1, 257, size)) for size in (64, 128)]
    return b"".join(x.tobytes() for s in shapes for causal in (False, True) for x in run(s, "bfloat16", causal))


def results_with(**variables: str) -> str:
    code = "import hashlib, test_attention_cuda as t; print(hashlib.sha256(t.results()).hexdigest())"
    command = [sys.executable, "-c", code]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path[1:]]), **variables}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout.strip()


def test_same_bits_on_every_run() -> None:
    """And, where the GPU is an emulated one, in every order of its threads, blocks and copies."""
    want = hashlib.sha256(results()).hexdigest()
    assert hashlib.sha256(results()).hexdigest() == want
    for seed in ("1", "7"):
        assert results_with(TILESTACK_EMULATOR_SEED=seed) == want


def test_kernels_for_all_devices() -> None:
    """Some of the tests above without those for Hopper."""
    if "TILESTACK_ATTENTION" in os.environ:
        pytest.skip("already forced")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(Path(__file__))]
    command += ["-k", "tokens and causal or sizes and float16 or scales"]
    run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "TILESTACK_ATTENTION": "mma"})
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]


@pytest.mark.skipif(
    ts.cuda.is_available() and ts.cuda.get_device_capability() != (9, 0), reason="the device has one kind of kernels"
)
def test_hopper_has_kernels_of_its_own() -> None:
    """They sum in another order than those for all devices, which shows in the last bits."""
    assert results_with(TILESTACK_ATTENTION="wgmma") != results_with(TILESTACK_ATTENTION="mma")
