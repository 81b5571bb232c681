"""The GPU's matrix products, with small integers as operands: sums are exact in every type, so any slip of an index
shows. Skipped without a GPU. TILESTACK_GEMM=simt, mma or wgmma forces one kind of kernels where these can do it,
TILESTACK_GEMM_TILE one of their tiles."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import tilestack as ts

F = ts.nn.functional
pytestmark = pytest.mark.skipif(not ts.cuda.is_available(), reason=f"no GPU: {ts.cuda.why_not()}")
PATHS = ("simt", "mma", "wgmma")
FLOATS = ("float32", "float64", "bfloat16", "float16")


def integers(rng: np.random.Generator, shape: tuple[int, ...], most: int = 2) -> np.ndarray:
    return rng.integers(-most, most + 1, shape).astype(np.float64)


def tensor(values: np.ndarray, dtype: str, turned: bool = False, offset: int = 0, gap: int = 0) -> ts.Tensor:
    """The values on the GPU; `turned`: columns contiguous; `offset` elements into its memory; rows `gap` apart."""
    if turned:
        return tensor(values.swapaxes(-1, -2), dtype, False, offset, gap).transpose(-1, -2)
    shape = (*values.shape[:-1], values.shape[-1] + offset + gap)
    memory = np.full(shape, 77.0)
    memory[..., offset : offset + values.shape[-1]] = values
    whole = ts.tensor(memory.astype(np.float32)).to(getattr(ts, dtype)).to("cuda")
    return whole[..., offset : offset + values.shape[-1]]


def numbers(x: ts.Tensor) -> np.ndarray:
    return np.asarray(x.detach().to("cpu").to(ts.float64).numpy())


def exactly(x: ts.Tensor, expected: np.ndarray) -> None:
    """Equal but for the rounding of x's own dtype."""
    rounded = ts.tensor(expected).to(x.dtype).to(ts.float64).numpy()
    np.testing.assert_array_equal(numbers(x), rounded)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("a_turned", [False, True], ids=["a", "aT"])
@pytest.mark.parametrize("b_turned", [False, True], ids=["b", "bT"])
@pytest.mark.parametrize(
    ("m", "n", "k"),
    [(1, 1, 1), (3, 5, 2), (17, 33, 9), (64, 64, 64), (72, 40, 136), (130, 66, 31), (128, 256, 64), (136, 264, 200)],
)
def test_orders(dtype: str, a_turned: bool, b_turned: bool, m: int, n: int, k: int) -> None:
    rng = np.random.default_rng(m * n + k)
    a, b = integers(rng, (m, k)), integers(rng, (k, n))
    exactly(tensor(a, dtype, a_turned) @ tensor(b, dtype, b_turned), a @ b)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("empty", [(0, 8, 8), (8, 0, 8), (8, 8, 0), (0, 0, 0)])
def test_nothing(dtype: str, empty: tuple[int, int, int]) -> None:
    m, n, k = empty
    a, b, bias = np.zeros((m, k)), np.zeros((n, k)), np.arange(n)
    exactly(tensor(a, dtype) @ tensor(b, dtype).T, np.zeros((m, n)))
    exactly(F.linear(tensor(a, dtype), tensor(b, dtype), tensor(bias, dtype)), np.tile(bias, (m, 1)))


@pytest.mark.parametrize("dtype", FLOATS)
def test_single_lines(dtype: str) -> None:
    """One row, column or step of the depth; a line that is alone may have any stride."""
    rng = np.random.default_rng(6)
    for m, n, k in [(1, 72, 64), (72, 1, 64), (64, 72, 1), (1, 1, 128), (1, 64, 1)]:
        a, b = integers(rng, (m, k)), integers(rng, (k, n))
        for a_turned in (False, True):
            for b_turned in (False, True):
                exactly(tensor(a, dtype, a_turned, gap=3) @ tensor(b, dtype, b_turned, gap=8), a @ b)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("a_turned", [False, True], ids=["a", "aT"])
@pytest.mark.parametrize("b_turned", [False, True], ids=["b", "bT"])
def test_many_tiles(dtype: str, a_turned: bool, b_turned: bool) -> None:
    """More tiles than blocks stay for, and more steps than stages, whatever the tile; a bias and an activation too."""
    rng = np.random.default_rng(8)
    a, b, bias = integers(rng, (3, 280, 456), 1), integers(rng, (3, 456, 328), 1), integers(rng, (328,))
    x, y = tensor(a, dtype, a_turned), tensor(b, dtype, b_turned)
    exactly(x @ y, a @ b)
    exactly(x @ y[1], a @ b[1])  # B is shared by the batch
    exactly(x[2] @ y, a[2] @ b)
    z = F.fused_linear(x[0], y[0].T, tensor(bias, dtype), activation="relu")
    exactly(z, np.maximum(a[0] @ b[0] + bias, 0))
    residual = integers(rng, (280, 328))
    exactly(F.fused_linear(x[0], y[0].T, residual=tensor(residual, dtype)), a[0] @ b[0] + residual)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("offset", "gap"), [(1, 0), (0, 1), (4, 4), (8, 8), (2, 6)])
def test_alignments(dtype: str, offset: int, gap: int) -> None:
    rng = np.random.default_rng(offset + gap)
    a, b = integers(rng, (48, 80)), integers(rng, (80, 56))
    for turned in (False, True):
        exactly(tensor(a, dtype, turned, offset, gap) @ tensor(b, dtype, turned, offset, gap), a @ b)
        exactly(tensor(a, dtype) @ tensor(b, dtype, turned, offset, gap), a @ b)
        exactly(tensor(a, dtype, turned, offset, gap) @ tensor(b, dtype), a @ b)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("m", "n", "k"), [(8, 8, 4096), (33, 17, 3000), (64, 128, 2048), (1, 40, 5000)])
def test_long_sums(dtype: str, m: int, n: int, k: int) -> None:
    rng = np.random.default_rng(k)
    a, b, bias = integers(rng, (m, k), 1), integers(rng, (n, k), 1), integers(rng, (n,))
    y = F.fused_linear(tensor(a, dtype), tensor(b, dtype), tensor(bias, dtype), activation="relu")
    exactly(y, np.maximum(a @ b.T + bias, 0))
    residual = integers(rng, (m, n))
    z = F.fused_linear(tensor(a, dtype), tensor(b, dtype), residual=tensor(residual, dtype))
    exactly(z, a @ b.T + residual)


@pytest.mark.parametrize("dtype", FLOATS)
def test_batches(dtype: str) -> None:
    rng = np.random.default_rng(3)
    for left, right in [((3, 8, 16), (3, 16, 24)), ((2, 1, 9, 5), (3, 5, 7)), ((4, 1, 16, 8), (1, 3, 8, 8))]:
        a, b = integers(rng, left), integers(rng, right)
        exactly(tensor(a, dtype) @ tensor(b, dtype), a @ b)
        exactly(tensor(a, dtype, turned=True) @ tensor(b, dtype, turned=True), a @ b)


@pytest.mark.parametrize("dtype", FLOATS)
def test_rows_apart(dtype: str) -> None:
    """Every second row and column: no dimension is contiguous."""
    rng = np.random.default_rng(4)
    a, b = integers(rng, (40, 48)), integers(rng, (48, 56))
    exactly(tensor(a, dtype)[::2, ::2] @ tensor(b, dtype)[::2, ::2], a[::2, ::2] @ b[::2, ::2])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("channels", "out", "kernel", "steps"),
    [
        (1, 4, (5, 5), {"padding": 2}),
        (3, 8, (3, 2), {"stride": 2, "padding": 1}),
        (8, 16, (3, 3), {"padding": 1}),
        (8, 8, (3, 3), {"stride": (2, 3), "padding": (1, 0)}),
        (16, 8, (1, 1), {"stride": 2}),
        (32, 24, (1, 1), {}),
        (16, 32, (3, 3), {"groups": 2, "padding": 1, "dilation": 2}),
        (64, 64, (3, 3), {"padding": 1}),
        (64, 128, (5, 2), {"stride": (2, 1), "padding": (2, 0), "dilation": (1, 3)}),
        (128, 64, (3, 3), {"stride": 2, "padding": (0, 2)}),
        (64, 8, (1, 1), {"stride": (3, 2), "padding": 1}),
    ],
)
def test_convolutions(dtype: str, channels: int, out: int, kernel: tuple[int, int], steps: dict) -> None:
    rng = np.random.default_rng(channels)
    x = integers(rng, (2, channels, 9, 11), 1)
    w = integers(rng, (out, channels // steps.get("groups", 1), *kernel), 1)
    b = integers(rng, (out,), 1)
    cpu = [ts.tensor(v, requires_grad=True) for v in (x, w, b)]
    gpu = [tensor(v, dtype).detach().requires_grad_() for v in (x, w, b)]
    expected, y = F.conv2d(*cpu, **steps), F.conv2d(*gpu, **steps)
    exactly(y, numbers(expected))
    dy = integers(rng, expected.shape, 1)
    expected.backward(ts.tensor(dy))
    y.backward(tensor(dy, dtype))
    for ours, theirs in zip(gpu, cpu, strict=True):
        exactly(ours.grad, numbers(theirs.grad))


@pytest.fixture
def tf32() -> Iterator[None]:
    ts.set_float32_matmul_precision("high")
    yield
    ts.set_float32_matmul_precision("highest")


@pytest.mark.usefixtures("tf32")
def test_tf32_of_integers() -> None:
    """They are exact in tf32 too, whatever the kernel."""
    for turned in (False, True):
        for m, n, k in [(1, 1, 1), (3, 5, 2), (17, 33, 9), (72, 40, 136), (130, 66, 31), (136, 264, 200), (8, 8, 3000)]:
            test_orders("float32", turned, False, m, n, k)
            test_orders("float32", turned, True, m, n, k)
    for offset, gap in [(1, 0), (0, 1), (4, 4), (2, 6)]:
        test_alignments("float32", offset, gap)
    for m, n, k in [(33, 17, 3000), (64, 128, 2048), (1, 40, 5000)]:
        test_long_sums("float32", m, n, k)
    for empty in [(0, 8, 8), (8, 0, 8), (8, 8, 0)]:
        test_nothing("float32", empty)
    for test in (test_batches, test_rows_apart, test_single_lines):
        test("float32")
    for channels, out, kernel, steps in [(3, 8, (3, 2), {"stride": 2, "padding": 1}), (8, 16, (3, 3), {"groups": 2})]:
        test_convolutions("float32", channels, out, kernel, steps)


def rounded_to_tf32(x: np.ndarray) -> np.ndarray:
    return ((x.view(np.uint32) + 0x1000) & 0xFFFFE000).view(np.float32).astype(np.float64)


@pytest.mark.usefixtures("tf32")
def test_tf32_rounds() -> None:
    """Operands to 10 bits of mantissa, and nothing else; with "highest", nothing."""
    rng = np.random.default_rng(10)
    for m, n, k in [(5, 3, 1), (40, 24, 64), (128, 136, 512), (7, 9, 2000)]:
        a, b = rng.standard_normal((m, k)).astype(np.float32), rng.standard_normal((k, n)).astype(np.float32)
        x, y = ts.tensor(a).to("cuda"), ts.tensor(b).to("cuda")
        exact, size = a.astype(np.float64) @ b, np.abs(a).astype(np.float64) @ np.abs(b)
        high = numbers(x @ y)
        assert (np.abs(high - rounded_to_tf32(a) @ rounded_to_tf32(b)) / size).max() < 2.0**-18
        assert 2.0**-17 < (np.abs(high - exact) / size).max() < 2.0**-10 * 1.01
        ts.set_float32_matmul_precision("highest")
        assert (np.abs(numbers(x @ y) - exact) / size).max() < 2.0**-20
        ts.set_float32_matmul_precision("high")


def test_precision_names() -> None:
    assert ts.get_float32_matmul_precision() == ts.cuda.get_float32_matmul_precision() == "highest"
    with pytest.raises(ValueError, match="'highest' or 'high', got 'low'"):
        ts.set_float32_matmul_precision("low")


def test_repeats_are_equal() -> None:
    rng = np.random.default_rng(5)
    for dtype in FLOATS:
        a, b = (tensor(rng.standard_normal(shape), dtype) for shape in ((40, 3000), (3000, 24)))
        first = numbers(a @ b)
        for _ in range(3):
            np.testing.assert_array_equal(numbers(a @ b), first)


@pytest.mark.parametrize("tile", ["any", "0", "1"])
@pytest.mark.parametrize("path", PATHS)
def test_each_path(path: str, tile: str) -> None:
    """The tests above, with one kind of kernels and their largest or second tile."""
    if "TILESTACK_GEMM" in os.environ:
        pytest.skip("already forced")
    variables = {"TILESTACK_GEMM": path, **({} if tile == "any" else {"TILESTACK_GEMM_TILE": tile})}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(Path(__file__))]
    if path != "simt":
        command += ["-k", "float16"]  # bfloat16 too
    run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **variables})
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
