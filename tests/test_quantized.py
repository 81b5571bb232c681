"""Quantised linear layers: numbers, packing, models, state."""

from __future__ import annotations

import numpy as np
import pytest

import tilestack as ts
from tilestack import models, nn
from tilestack.nn.quantized import pack_nibbles, quantize_rows, unpack_nibbles


def test_packing_has_an_inverse() -> None:
    q = np.random.default_rng(0).integers(-8, 8, (5, 192)).astype(np.int8)
    packed = pack_nibbles(q)
    assert packed.shape == (5, 96)
    assert np.array_equal(unpack_nibbles(packed), q)


@pytest.mark.parametrize(("bits", "group"), [(8, 256), (4, 32), (4, 64), (4, 128)])
def test_weights_are_within_half_a_step(bits: int, group: int) -> None:
    w = np.random.default_rng(bits).standard_normal((9, 256)).astype(np.float32)
    w[3] = 0
    q, scales = quantize_rows(w, bits, group)
    step = np.repeat(scales, group, axis=1)
    assert np.all(np.abs(q * step - w) <= step * 0.5001)
    layer = nn.QuantizedLinear.from_float(ts.from_numpy(w), None, bits, group)
    assert np.array_equal(layer.dequantize().numpy(), q * step)


@pytest.mark.parametrize(("bits", "limit"), [(8, 0.02), (4, 0.2)])
@pytest.mark.parametrize("rows", [1, 20])
def test_layer_is_near_the_linear(bits: int, limit: float, rows: int) -> None:
    linear = nn.Linear(256, 100)
    x = ts.from_numpy(np.random.default_rng(rows).standard_normal((rows, 256)).astype(np.float32))
    with ts.no_grad():
        want = linear(x, "relu").numpy()
        got = nn.quantize(nn.Sequential(linear), bits)[0](x, "relu").numpy()
    assert np.linalg.norm(got - want) < limit * np.linalg.norm(want)


each_isa = pytest.mark.parametrize("isa", ts._core.isas(), indirect=True)


def int8_linear(rows: int, depth: int, out: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, and q and scales of a weight."""
    rng = np.random.default_rng(rows)
    x = rng.standard_normal((rows, depth)).astype(np.float32)
    return x, *quantize_rows(rng.standard_normal((out, depth)).astype(np.float32), 8, depth)


def run_quantized(x: np.ndarray, q: np.ndarray, scales: np.ndarray) -> np.ndarray:
    with ts.no_grad():
        return nn.functional.quantized_linear(*map(ts.from_numpy, (x, q, scales))).numpy()


@each_isa
@pytest.mark.parametrize(("rows", "depth"), [(2, 64), (3, 1500), (4, 2000), (7, 100), (128, 65)])
def test_rows_of_any_size_are_exact_to_a_float(isa: str, rows: int, depth: int) -> None:
    x, q, scales = int8_linear(rows, depth, 30)
    x *= np.logspace(-25, 25, rows, dtype=np.float32)[:, None]
    x[-1, 1:] = 0
    want = x.astype(np.float64) @ (q * scales.astype(np.float64)).T
    error = np.linalg.norm(run_quantized(x, q, scales) - want, axis=1)
    assert np.all(error <= 2e-6 * np.linalg.norm(want, axis=1))


@each_isa
def test_whole_numbers_are_exact(isa: str) -> None:
    x = np.random.default_rng(0).integers(-1000, 1001, (5, 192)).astype(np.float32)
    x[0] = 0
    x[0, :2] = 8355711, -8355711  # the largest of three signed digits of base 256
    q = np.random.default_rng(1).integers(-128, 128, (9, 192)).astype(np.int8)
    q[:, :2] %= 2
    assert np.array_equal(run_quantized(x, q, np.ones((9, 1), np.float32)), x @ q.T.astype(np.float64))


@each_isa
@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("rows", [2, 4, 6])
def test_what_is_not_finite_stays_in_its_row(isa: str, odd: float, rows: int) -> None:
    x, q, scales = int8_linear(rows, 200, 30)
    plain = run_quantized(x, q, scales)
    x[1, 3] = odd
    got = run_quantized(x, q, scales)
    assert np.allclose(np.delete(got, 1, 0), np.delete(plain, 1, 0), rtol=1e-4, atol=1e-4)
    with np.errstate(invalid="ignore"):
        want = odd * q[:, 3]
    assert np.array_equal(got[1], want, equal_nan=True)


@each_isa
@pytest.mark.parametrize("rows", [1, 2, 3, 40])
def test_threads_change_no_bit(isa: str, rows: int) -> None:
    inputs = int8_linear(rows, 1000, 500)
    before = ts.get_num_threads()
    try:
        ts.set_num_threads(1)
        alone = run_quantized(*inputs)
        ts.set_num_threads(3)
        assert np.array_equal(run_quantized(*inputs), alone)
    finally:
        ts.set_num_threads(before)


def test_gpt2_and_its_state() -> None:
    config = models.GPT2Config(vocab_size=65, n_positions=16, n_embd=64, n_layer=2, n_head=2)
    ids = ts.from_numpy(np.arange(10).reshape(1, 10))
    model = nn.quantize(models.GPT2LMHeadModel(config).eval(), 4, skip=["lm_head"])
    layer = model.transformer.h[0].mlp.c_fc
    assert isinstance(layer, nn.QuantizedLinear)
    assert layer.weight.is_contiguous()
    whole = nn.quantize(models.GPT2LMHeadModel(config), 8).transformer.h[0].mlp.c_fc
    assert whole.weight.is_contiguous()
    assert type(model.lm_head) is nn.Linear
    other = nn.quantize(models.GPT2LMHeadModel(config).eval(), 4, skip=["lm_head"])
    other.load_state_dict(model.state_dict())
    with ts.no_grad():
        assert np.array_equal(model(ids).numpy(), other(ids).numpy())


def test_errors() -> None:
    with pytest.raises(RuntimeError, match="inference only"):
        nn.quantize(nn.Sequential(nn.Linear(4, 4)))(ts.ones((2, 4)).requires_grad_())
    with pytest.raises(ValueError, match=r"^1: quantize: 4 bits need in_features"):
        nn.quantize(nn.Sequential(nn.Linear(64, 4), nn.Linear(4, 4)), 4)
    with pytest.raises(ValueError, match="bits must be 8 or 4"):
        nn.quantize(nn.Sequential(nn.Linear(4, 4)), 3)
