"""Bags of embeddings against a loop in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tilestack as ts

F = ts.nn.functional
TABLE = np.random.default_rng(2).standard_normal((9, 5))


def bagged(bags: list[list[int]], mode: str, padding_idx: int | None = None) -> np.ndarray:
    rows = []
    for bag in bags:
        found = [TABLE[i] for i in bag if i != padding_idx] or [np.zeros(5)]
        rows.append({"sum": np.sum, "mean": np.mean, "max": np.max}[mode](found, axis=0))
    return np.array(rows)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("padding_idx", [None, 3, -9])
def test_bags(mode: str, padding_idx: int | None) -> None:
    weight = ts.tensor(TABLE, requires_grad=True)
    row = 0 if padding_idx == -9 else padding_idx
    options: dict[str, Any] = {"mode": mode, "padding_idx": padding_idx}
    matrix = [[1, 3, 3], [0, 8, 2], [3, 3, 3]]
    y = F.embedding_bag(ts.tensor(matrix), weight, **options)
    np.testing.assert_allclose(y.detach().numpy(), bagged(matrix, mode, row), rtol=1e-12, atol=1e-15)
    bags = [[4, 0, 7, 3], [], [3], [1, 1]]
    flat, starts = [i for bag in bags for i in bag], [0, 4, 4, 5]
    for offsets, last in ((starts, False), ([*starts, 7], True)):
        y = F.embedding_bag(ts.tensor(flat), weight, ts.tensor(offsets), include_last_offset=last, **options)
        np.testing.assert_allclose(y.detach().numpy(), bagged(bags, mode, row), rtol=1e-12, atol=1e-15)
    weight.grad = None
    (y * ts.tensor(np.arange(20.0).reshape(4, 5))).sum().backward()
    if mode == "sum" and padding_idx is None:
        np.testing.assert_allclose(weight.grad.numpy()[1], 2 * np.arange(15.0, 20))
    elif padding_idx is not None:
        assert not weight.grad.numpy()[row].any()


def test_layer_and_sample_weights() -> None:
    layer = ts.nn.EmbeddingBag(9, 5, mode="sum", padding_idx=2)
    assert not layer.weight[2].detach().numpy().any()
    factors = ts.tensor([[0.5, 2.0]], requires_grad=True)
    y = layer(ts.tensor([[1, 4]]), per_sample_weights=factors)
    table = layer.weight.detach().numpy()
    np.testing.assert_allclose(y.detach().numpy(), [0.5 * table[1] + 2 * table[4]], rtol=1e-6)
    y.sum().backward()
    np.testing.assert_allclose(factors.grad.numpy(), [[table[1].sum(), table[4].sum()]], rtol=1e-4, atol=1e-6)
    assert repr(layer) == "EmbeddingBag(9, 5, mode='sum')"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "median"}, "mode must be"),
        ({"per_sample_weights": ts.ones(4)}, 'need mode "sum"'),
        ({"mode": "sum", "per_sample_weights": ts.ones(3)}, "must have input's shape"),
        ({"offsets": None}, "1-D with offsets"),
        ({"offsets": ts.tensor([1, 2])}, "offsets must begin with 0"),
        ({"offsets": ts.tensor([0, 5])}, "rise to at most 4"),
        ({"offsets": ts.tensor([0, 3, 2])}, "offsets must begin with 0"),
    ],
)
def test_errors(options: dict[str, Any], message: str) -> None:
    offsets = options.pop("offsets", ts.tensor([0, 2]))
    with pytest.raises(ValueError, match=message):
        F.embedding_bag(ts.tensor([1, 2, 3, 4]), ts.tensor(TABLE), offsets, **options)


@pytest.mark.parametrize("layer", [ts.nn.Embedding, ts.nn.EmbeddingBag])
def test_max_norm_is_refused(layer: Any) -> None:
    with pytest.raises(ValueError, match=rf"{layer.__name__}: max_norm is not supported, got 0.5: .*renorm"):
        layer(9, 5, max_norm=0.5)
    with pytest.raises(ValueError, match=rf"{layer.__name__}: scale_grad_by_freq=True is not supported"):
        layer(9, 5, scale_grad_by_freq=True, sparse=True)
    weight = layer(9, 5).weight
    with ts.no_grad():
        weight.copy_(weight.renorm(2, 0, 0.5))  # what the message says
    assert (weight.norm(2, 1) <= 0.5 + 1e-6).all()


@pytest.mark.parametrize("function", [ts.nn.functional.embedding, ts.nn.functional.embedding_bag])
def test_functions_refuse_what_the_layers_refuse(function: Any) -> None:
    ids, weight = ts.zeros(1, 2, dtype=ts.int64), ts.ones(3, 2)
    name = function.__name__
    with pytest.raises(ValueError, match=rf"{name}: max_norm is not supported, got 2.*renorm"):
        function(ids, weight, max_norm=2.0)
    with pytest.raises(ValueError, match=rf"{name}: scale_grad_by_freq=True is not supported"):
        function(ids, weight, scale_grad_by_freq=True)
    assert (function(ids, weight, norm_type=1.0, sparse=True) == 1).all()
