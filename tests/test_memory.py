"""Memory: the peak that is reported, and that backward frees what it has used."""

from __future__ import annotations

import gc

import pytest

import tilestack as ts
from tilestack import nn
from tilestack.nn import functional as F

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not ts.cuda.is_available(), reason="needs a GPU"))]
SIDE = 256
UNIT = 4 * SIDE * SIDE  # of one activation


def stats(device: str) -> dict[str, int]:
    return ts.memory_stats() if device == "cpu" else ts.cuda.memory_stats()


def reset(device: str) -> None:
    ts.reset_peak_memory() if device == "cpu" else ts.cuda.reset_peak_memory_stats()


def peak_of(device: str, function) -> tuple[float, object]:
    """The most memory that function took beyond what was in use, in activations."""
    gc.collect()
    before = stats(device)["allocated_bytes"]
    reset(device)
    result = function()
    return (stats(device)["peak_bytes"] - before) / UNIT, result


@pytest.mark.parametrize("device", DEVICES)
def test_peak_is_reported(device: str) -> None:
    x = ts.zeros((SIDE, SIDE), device=device)

    def three_at_once() -> ts.Tensor:
        a, b = x + 1, x + 2
        return a + b

    peak, _ = peak_of(device, three_at_once)
    assert 3 <= peak < 3.5
    reset(device)
    assert stats(device)["peak_bytes"] == stats(device)["allocated_bytes"]
    if device == "cuda":
        assert ts.cuda.max_memory_allocated() == ts.cuda.memory_stats()["peak_bytes"]


LAYERS = {
    "relu": lambda x, w: F.relu(x),
    "linear and gelu": lambda x, w: F.gelu(F.linear(x, w)),
    "residual": lambda x, w: x + F.linear(F.layer_norm(x, (SIDE,)), w),
    "softmax": lambda x, w: F.softmax(x, -1),
    "python": lambda x, w: Square.apply(x),
}


class Square(ts.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, dy):
        return 2 * ctx.saved_tensors[0] * dy


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", LAYERS)
def test_backward_frees_what_it_has_used(name: str, device: str) -> None:
    """Beyond what the forward pass holds it needs the same for a deep net as for a shallow one: weights have no part in it,
    since they do not ask for gradients."""
    weight = ts.randn((SIDE, SIDE), device=device) * 0.05
    peaks, held = [], []
    for depth in (4, 24):
        x = nn.Parameter(ts.randn((SIDE, SIDE), device=device))

        def forward(x=x, depth=depth) -> ts.Tensor:
            h: ts.Tensor = x
            for _ in range(depth):
                h = LAYERS[name](h, weight)
            return h.sum()

        before = stats(device)["allocated_bytes"]
        _, loss = peak_of(device, forward)
        held.append((stats(device)["allocated_bytes"] - before) / UNIT)
        peak, _ = peak_of(device, loss.backward)
        peaks.append(peak)
    assert held[1] > held[0] + 15, "the test is of layers that keep something"
    assert peaks[1] <= peaks[0] + 0.5
    assert peaks[1] < 6


@pytest.mark.parametrize("device", DEVICES)
def test_what_a_number_scales_is_not_kept(device: str) -> None:
    x = nn.Parameter(ts.randn((SIDE, SIDE), device=device))

    def forward() -> ts.Tensor:
        h: ts.Tensor = x
        for _ in range(10):
            h = (h * 1.01 + 1) / 1.01 - 0.5
        return h.sum()

    peak, _ = peak_of(device, forward)
    assert peak < 4


def blocks_taken(sizes: list[int]) -> int:
    """How many blocks the system had to give for tensors of so many mebibytes, all alive at once. Nothing is written to
    them, so the system has no pages to give."""
    before = ts.memory_stats()["system_allocations"]
    tensors = [ts.empty((size << 20,), dtype=ts.uint8) for size in sizes]
    taken = ts.memory_stats()["system_allocations"] - before
    del tensors
    return taken


def test_steps_use_the_same_memory_again() -> None:
    sizes = [33] * 40
    for _ in range(2):  # the first may give back what other tests have left
        blocks_taken(sizes)
    assert [blocks_taken(sizes) for _ in range(5)] == [0] * 5


def test_memory_of_shapes_that_do_not_return_goes_back() -> None:
    for size in range(100, 1000, 10):
        blocks_taken([size])
    assert ts.memory_stats()["reserved_bytes"] < 4 << 30
