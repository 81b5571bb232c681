"""Computing again in backward."""

from __future__ import annotations

import numpy as np
import pytest

import tilestack as ts
from tilestack import nn


def block(width: int = 16, dropout: float = 0.3) -> nn.Module:
    return nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(4 * width, width))


def gradients(model: nn.Module, x: ts.Tensor, again: bool) -> tuple[float, list[np.ndarray]]:
    ts.manual_seed(3)
    x = x.detach().requires_grad_()
    model.zero_grad()
    y = ts.checkpoint(model, x) if again else model(x)
    loss = (ts.dropout(y, 0.5) ** 2).sum()  # random numbers after the checkpoint stay the same, too
    loss.backward()
    after = ts.rand(1).item()
    return loss.item() + after, [x.grad.numpy(), *(p.grad.numpy() for p in model.parameters())]


def test_same_numbers() -> None:
    model, x = block(), ts.randn(8, 16)
    want, got = gradients(model, x, False), gradients(model, x, True)
    assert got[0] == want[0]
    for a, b in zip(got[1], want[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_parameters_get_gradients_where_inputs_ask_for_none() -> None:
    model, x = block(dropout=0.0), ts.randn(4, 16)
    ts.checkpoint(model, x).sum().backward()
    got = [p.grad.numpy() for p in model.parameters()]
    model.zero_grad()
    model(x).sum().backward()
    for a, p in zip(got, model.parameters(), strict=True):
        np.testing.assert_array_equal(a, p.grad.numpy())


def test_many_results_and_other_arguments() -> None:
    x, w = ts.tensor([1.0, 2.0], requires_grad=True), ts.tensor([3.0, 4.0], requires_grad=True)
    a, b, c = ts.checkpoint(lambda x, n, w: (x * w, w * n, x.sum()), x, 5, w)
    (a.sum() + 2 * b.sum()).backward()  # c isn't used
    assert c.item() == 3
    assert x.grad.tolist() == [3, 4]
    assert w.grad.tolist() == [11, 12]


def test_nothing_is_recorded_within_no_grad() -> None:
    with ts.no_grad():
        assert not ts.checkpoint(block(), ts.ones(2, 16)).requires_grad


def test_memory_is_saved() -> None:
    layers, x = nn.ModuleList(block(64, 0.0) for _ in range(12)), ts.randn(512, 64)

    def peak(again: bool) -> int:
        y = x.detach().requires_grad_()
        before = ts.memory_stats()["allocated_bytes"]
        ts.reset_peak_memory()
        for layer in layers:
            y = y + (ts.checkpoint(layer, y) if again else layer(y))
        y.sum().backward()
        return ts.memory_stats()["peak_bytes"] - before

    peak(False)
    assert peak(True) < 0.5 * peak(False)


def test_an_error_in_the_function_is_the_callers() -> None:
    with pytest.raises(ValueError, match="linear"):
        ts.checkpoint(block(), ts.ones(2, 15))
