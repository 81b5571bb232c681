"""MultiheadAttention and Transformer beside torch's, by loading its state_dict; positions; the cache of decoding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tilestack as ts

F = ts.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # of torch, about its fast path


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def load(module: ts.nn.Module, peer: Any) -> ts.nn.Module:
    state = {name: ts.from_numpy(x.detach().numpy().copy()) for name, x in peer.state_dict().items()}
    assert list(state) == list(module.state_dict())
    module.load_state_dict(state)
    return module


def both(torch: Any, *shape: int, seed: int = 0) -> tuple[ts.Tensor, Any]:
    x = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    return ts.from_numpy(x.copy()).requires_grad_(), torch.from_numpy(x).requires_grad_()


def masks(torch: Any, values: np.ndarray) -> tuple[ts.Tensor, Any]:
    return ts.from_numpy(values.copy()), torch.from_numpy(values.copy())


def close(x: ts.Tensor, peer: Any, tolerance: float = 2e-5) -> None:
    np.testing.assert_allclose(x.detach().numpy(), peer.detach().numpy(), rtol=tolerance, atol=tolerance)


def check_gradients(module: ts.nn.Module, peer: Any, y: ts.Tensor, z: Any) -> None:
    dy = np.random.default_rng(9).standard_normal(tuple(y.shape)).astype(np.float32)
    y.backward(ts.from_numpy(dy.copy()))
    z.backward(z.new_tensor(dy))
    for (name, x), (other, w) in zip(module.named_parameters(), peer.named_parameters(), strict=True):
        assert name == other
        close(x.grad, w.grad, 2e-4)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("average", [False, True])
@pytest.mark.parametrize(
    "dims",
    [
        {},
        {"kdim": 12, "vdim": 20},
        {"bias": False},
        {"add_bias_kv": True},
        {"add_zero_attn": True},
        {"add_bias_kv": True, "add_zero_attn": True},
    ],
)
def test_multihead_attention(torch: Any, batch_first: bool, need_weights: bool, average: bool, dims: dict) -> None:
    peer = torch.nn.MultiheadAttention(16, 4, batch_first=batch_first, **dims)
    module = load(ts.nn.MultiheadAttention(16, 4, batch_first=batch_first, **dims), peer)
    q, k, v = ((3, n, d) if batch_first else (n, 3, d) for n, d in ((5, 16), (7, module.kdim), (7, module.vdim)))
    (q, qt), (k, kt), (v, vt) = both(torch, *q), both(torch, *k, seed=1), both(torch, *v, seed=2)
    padding = np.zeros((3, 7), bool)
    padding[1, 4:] = True
    more = np.random.default_rng(3).standard_normal((12, 5, 7)).astype(np.float32)
    pad, pad_t = masks(torch, padding)
    for attention in (None, np.triu(np.ones((5, 7), bool), 1), more[0], more):
        mask, mask_t = (None, None) if attention is None else masks(torch, attention)
        if attention is not None and attention.dtype != bool:
            pad_t = torch.zeros(3, 7).masked_fill(torch.from_numpy(padding), -np.inf)
        y, w = module(q, k, v, pad, need_weights, mask, average)
        z, u = peer(qt, kt, vt, pad_t, need_weights, mask_t, average)
        close(y, z)
        assert (w is None) == (u is None)
        if w is not None:
            close(w, u)
    check_gradients(module, peer, y, z)
    close(q.grad, qt.grad, 2e-4)


def test_multihead_attention_without_batch_and_of_itself(torch: Any) -> None:
    peer = torch.nn.MultiheadAttention(16, 4)
    module = load(ts.nn.MultiheadAttention(16, 4), peer)
    x, xt = both(torch, 6, 16)
    y, w = module(x, x, x)
    z, u = peer(xt, xt, xt)
    close(y, z)
    close(w, u)
    causal = torch.nn.Transformer.generate_square_subsequent_mask(6)
    assert (ts.nn.Transformer.generate_square_subsequent_mask(6).numpy() == causal.numpy()).all()
    z, _ = peer(xt, xt, xt, attn_mask=causal)
    close(module(x, x, x, need_weights=False, is_causal=True)[0], z)
    close(module(x, x, x, is_causal=True)[0], z)


@pytest.mark.parametrize("need_weights", [False, True])
def test_no_mask_hides_the_added_keys(need_weights: bool) -> None:
    module = ts.nn.MultiheadAttention(8, 2, add_bias_kv=True, add_zero_attn=True)
    x = ts.randn((5, 3, 8))
    future = ts.tensor(np.triu(np.ones((5, 5), bool), 1))
    wanted, probabilities = module(x, x, x, attn_mask=future)
    got, _ = module(x, x, x, need_weights=need_weights, is_causal=True)
    np.testing.assert_allclose(got.detach().numpy(), wanted.detach().numpy(), rtol=1e-5, atol=1e-6)
    assert probabilities.shape == (3, 5, 7)
    assert (probabilities[:, 0, 1:5] == 0).all()
    assert (probabilities[:, :, 5:] > 0).all()


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("bias", [False, True])
def test_encoder(torch: Any, norm_first: bool, activation: str, bias: bool) -> None:
    options = {"activation": activation, "norm_first": norm_first, "batch_first": True, "bias": bias, "dropout": 0.0}

    def make(nn: Any) -> Any:
        return nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, **options), 2, nn.LayerNorm(16))

    peer = make(torch.nn)
    module = load(make(ts.nn), peer)
    x, xt = both(torch, 3, 7, 16)
    pad, pad_t = masks(torch, np.arange(7) >= np.array([[7], [4], [6]]))
    y, z = module(x, src_key_padding_mask=pad), peer(xt, src_key_padding_mask=pad_t)
    close(y, z)
    check_gradients(module, peer, y, z)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("norm_first", [False, True])
def test_transformer(torch: Any, batch_first: bool, norm_first: bool) -> None:
    options = {"dropout": 0.0, "batch_first": batch_first, "norm_first": norm_first}
    peer = torch.nn.Transformer(16, 2, 2, 2, 24, **options)
    module = load(ts.nn.Transformer(16, 2, 2, 2, 24, **options), peer)
    (x, xt), (t, tt) = both(torch, 5, 5, 16), both(torch, 5, 5, 16, seed=1)
    mask = ts.nn.Transformer.generate_square_subsequent_mask(5)
    y = module(x, t, tgt_mask=mask, tgt_is_causal=True)
    z = peer(xt, tt, tgt_mask=torch.from_numpy(mask.numpy()), tgt_is_causal=True)
    close(y, z)
    check_gradients(module, peer, y, z)


def test_dropout_is_off_in_evaluation() -> None:
    layer = ts.nn.TransformerEncoderLayer(16, 2, 32).eval()
    x = ts.randn((4, 2, 16))
    with ts.no_grad():
        assert (layer(x).numpy() == layer(x).numpy()).all()
        layer.train()
        assert (layer(x).numpy() != layer(x).numpy()).any()


def test_decoding_with_a_cache_gives_the_same() -> None:
    q, k, v = (ts.randn((2, 4, 9, 8)) for _ in range(3))
    want = F.scaled_dot_product_attention(q, k, v, is_causal=True).numpy()
    cache = ts.nn.KVCache(2, 4, 9, 8)
    for i in range(9):
        step = slice(i, i + 1)
        y = F.scaled_dot_product_attention(q[:, :, step], *cache.append(k[:, :, step], v[:, :, step]))
        np.testing.assert_allclose(y.numpy(), want[:, :, step], rtol=1e-5, atol=1e-6)
    assert len(cache) == 9
    with pytest.raises(ValueError, match="more than max_len 9"):
        cache.append(k[:, :, :1], v[:, :, :1])
    cache.truncate(3)
    assert cache.keys.shape == (2, 4, 3, 8)
    with pytest.raises(ValueError, match=r"value must have shape \(2, 4, 1, 8\)"):
        cache.append(k[:, :, :1], v[:, :, :2])


def test_positions() -> None:
    cos, sin = F.rotary_tables(50, 8)
    angles = np.arange(50)[:, None] * 10000.0 ** (-np.arange(0, 8, 2) / 8)
    np.testing.assert_allclose(cos.numpy(), np.cos(angles), atol=1e-6)
    np.testing.assert_allclose(sin.numpy(), np.sin(angles), atol=1e-6)
    table = F.sinusoidal_positions(ts.arange(50), 8).numpy()
    np.testing.assert_allclose(table[:, ::2], np.sin(angles), atol=1e-6)
    np.testing.assert_allclose(table[:, 1::2], np.cos(angles), atol=1e-6)
    layer = ts.nn.SinusoidalPositions(8, max_len=20)
    assert not layer.state_dict()
    np.testing.assert_allclose(layer(ts.zeros((2, 5, 8)), offset=3).numpy()[1], table[3:8], atol=1e-6)
    with pytest.raises(ValueError, match="max_len 20"):
        layer(ts.zeros((2, 5, 8)), offset=16)


@pytest.mark.parametrize("interleaved", [False, True])
def test_rotary_products_depend_on_distance(interleaved: bool) -> None:
    x = ts.randn((16,)).expand(30, 16)
    y = ts.rotary_embedding(x, *F.rotary_tables(30, 16), interleaved)
    products = (y @ y.t()).numpy()
    np.testing.assert_allclose(products[5, 8], products[20, 23], rtol=1e-4)
    np.testing.assert_allclose(y.square().sum(-1).numpy(), x.square().sum(-1).numpy(), rtol=1e-5)


def test_errors() -> None:
    with pytest.raises(ValueError, match="multiple of num_heads 3"):
        ts.nn.MultiheadAttention(16, 3)
    layer = ts.nn.MultiheadAttention(16, 4)
    x = ts.zeros((5, 2, 16))
    with pytest.raises(ValueError, match=r"attn_mask must have shape \(5, 5\) or \(8, 5, 5\), got \(4, 5\)"):
        layer(x, x, x, attn_mask=ts.zeros((4, 5)))
    with pytest.raises(ValueError, match=r"key_padding_mask must have shape \(2, 5\)"):
        layer(x, x, x, key_padding_mask=ts.zeros((5, 2)))
    with pytest.raises(ValueError, match=r"rotary_embedding: cos must have at most 8 columns"):
        ts.rotary_embedding(ts.zeros((3, 16)), ts.zeros((3, 9)), ts.zeros((3, 9)))
    with pytest.raises(
        ValueError, match=r"rotary_embedding: cos must broadcast to \(3, 8\), got shape \(4, 8\)|do not broadcast"
    ):
        ts.rotary_embedding(ts.zeros((3, 16)), ts.zeros((4, 8)), ts.zeros((4, 8)))
