"""Recurrent layers: stacking, directions, layouts, lengths, cells. The step itself is tests/cases/recurrent_layer.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tilestack as ts
from cases.recurrent_layer import reference
from tilestack import nn

KINDS = {"LSTM": (nn.LSTM, nn.LSTMCell, 4), "GRU": (nn.GRU, nn.GRUCell, 3), "RNN": (nn.RNN, nn.RNNCell, 1)}
MODES = {"LSTM": "lstm", "GRU": "gru", "RNN": "tanh"}


def weights(module: nn.Module, suffix: str) -> list[np.ndarray]:
    state = {key: value.numpy() for key, value in module.state_dict().items()}
    return [state[f"{key}_{suffix}"] for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]


def outputs(module: nn.Module, x: np.ndarray, suffix: str, mode: str, **options: Any) -> np.ndarray:
    w = weights(module, suffix)
    size = w[1].shape[1]
    zeros = np.zeros((x.shape[1], size))
    flat = reference(x, zeros, zeros if mode == "lstm" else None, *w, mode=mode, **options)
    return flat[: x.shape[0] * zeros.size].reshape(*x.shape[:2], size)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lengths", [None, [5, 2, 1]])
def test_two_layers_in_both_directions(kind: str, lengths: list[int] | None) -> None:
    make, mode = KINDS[kind][0], MODES[kind]
    module = make(4, 6, num_layers=2, bidirectional=True, batch_first=True, dtype=ts.float64)
    x = np.random.default_rng(0).standard_normal((5, 3, 4))
    y, _ = module(
        ts.tensor(x.swapaxes(0, 1).copy()), lengths=None if lengths is None else ts.tensor(lengths, dtype=ts.int64)
    )
    for layer in range(2):
        ahead = outputs(module, x, f"l{layer}", mode, lengths=lengths)
        back = outputs(module, x, f"l{layer}_reverse", mode, lengths=lengths, reverse=True)
        x = np.concatenate([ahead, back], -1)
    np.testing.assert_allclose(y.detach().numpy(), x.swapaxes(0, 1), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_states_carry_a_sequence_on(kind: str) -> None:
    module = KINDS[kind][0](4, 6, num_layers=2)
    x = ts.randn(7, 3, 4)
    whole, end = module(x)
    first, middle = module(x[:4])
    second, last = module(x[4:], middle)
    np.testing.assert_allclose(ts.cat([first, second]).detach().numpy(), whole.detach().numpy(), rtol=1e-5, atol=1e-6)
    for a, b in zip(end if kind == "LSTM" else [end], last if kind == "LSTM" else [last], strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("lengths", [None, [5, 2, 1]])
def test_projected_states(reverse: bool, lengths: list[int] | None) -> None:
    module = nn.LSTM(4, 6, bidirectional=True, proj_size=2, dtype=ts.float64)
    rng = np.random.default_rng(0)
    x, h0, c0 = rng.standard_normal((5, 3, 4)), rng.standard_normal((2, 3, 2)), rng.standard_normal((2, 3, 6))
    steps = lengths or 3 * [5]
    y, (h, c) = module(
        ts.tensor(x), (ts.tensor(h0), ts.tensor(c0)), None if lengths is None else ts.tensor(lengths, dtype=ts.int64)
    )
    suffix = "l0_reverse" if reverse else "l0"
    w_ih, w_hh, b_ih, b_hh = weights(module, suffix)
    w_hr = getattr(module, f"weight_hr_{suffix}").detach().numpy()
    sigmoid = lambda gate: 1 / (1 + np.exp(-gate))  # noqa: E731
    for batch, count in enumerate(steps):
        wanted_h, wanted_c = h0[int(reverse), batch], c0[int(reverse), batch]
        for step in range(count)[:: -1 if reverse else 1]:
            i, f, g, o = (w_ih @ x[step, batch] + b_ih + w_hh @ wanted_h + b_hh).reshape(4, 6)
            wanted_c = sigmoid(f) * wanted_c + sigmoid(i) * np.tanh(g)
            wanted_h = w_hr @ (sigmoid(o) * np.tanh(wanted_c))
            got = y.detach().numpy()[step, batch, 2:] if reverse else y.detach().numpy()[step, batch, :2]
            np.testing.assert_allclose(got, wanted_h, rtol=1e-10)
        np.testing.assert_allclose(h.detach().numpy()[int(reverse), batch], wanted_h, rtol=1e-10)
        np.testing.assert_allclose(c.detach().numpy()[int(reverse), batch], wanted_c, rtol=1e-10)
        assert not y.detach().numpy()[count:, batch].any()


@pytest.mark.peers
@pytest.mark.parametrize("bias", [False, True])
def test_projected_states_like_torch(bias: bool) -> None:
    torch = pytest.importorskip("torch")
    options = {"num_layers": 2, "bidirectional": True, "batch_first": True, "proj_size": 3, "bias": bias}
    peer = torch.nn.LSTM(4, 6, **options).double()
    module = nn.LSTM(4, 6, **options, dtype=ts.float64)
    module.load_state_dict({key: x.numpy() for key, x in peer.state_dict().items()})
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape) for shape in ((2, 5, 4), (4, 2, 3), (4, 2, 6))]
    x, h0, c0 = (ts.tensor(a, requires_grad=True) for a in arrays)
    xt, h0t, c0t = (torch.tensor(a, requires_grad=True) for a in arrays)
    (y, (h, c)), (yt, (ht, ct)) = module(x, (h0, c0)), peer(xt, (h0t, c0t))
    for a, b in ((y, yt), (h, ht), (c, ct)):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-10, atol=1e-12)
    (y.square().sum() + h.sum() + c.sum()).backward()
    (yt.square().sum() + ht.sum() + ct.sum()).backward()
    pairs = zip((x, h0, c0, *module.parameters()), (xt, h0t, c0t, *peer.parameters()), strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_cells_are_single_steps(kind: str) -> None:
    make, make_cell, gates = KINDS[kind]
    layer, cell = make(4, 6), make_cell(4, 6)
    cell.load_state_dict({key.removesuffix("_l0"): value for key, value in layer.state_dict().items()})
    assert cell.weight_ih.shape == (gates * 6, 4)
    x = ts.randn(5, 3, 4)
    state = None
    for t in range(5):
        state = cell(x[t], state)
    h = state[0] if kind == "LSTM" else state
    np.testing.assert_allclose(h.detach().numpy(), layer(x)[0][-1].detach().numpy(), rtol=1e-5, atol=1e-6)
    one = cell(x[0, 0])
    assert (one[0] if kind == "LSTM" else one).shape == (6,)


def test_sequence_without_batch() -> None:
    module = nn.LSTM(4, 6, bidirectional=True)
    x = ts.randn(5, 4)
    y, (h, c) = module(x)
    assert (y.shape, h.shape, c.shape) == ((5, 12), (2, 6), (2, 6))
    np.testing.assert_array_equal(y.detach().numpy(), module(x.unsqueeze(1))[0].squeeze(1).detach().numpy())


def test_dropout_acts_between_layers() -> None:
    module = nn.GRU(4, 6, num_layers=2, dropout=1.0)
    y, _ = module(ts.randn(5, 3, 4))
    module.weight_ih_l1.detach().fill_(0.0)
    np.testing.assert_allclose(module(ts.randn(5, 3, 4))[0].detach().numpy(), y.detach().numpy(), rtol=1e-6)
    module.eval()
    assert not np.allclose(nn.GRU(4, 6, num_layers=2, dropout=1.0).eval()(ts.randn(5, 3, 4))[0].detach().numpy(), 0)


def test_learns_to_remember() -> None:
    """The first of five numbers, at the end of the sequence."""
    ts.manual_seed(0)
    layer, head = nn.LSTM(1, 16), nn.Linear(16, 1)
    optimizer = ts.optim.Adam([*layer.parameters(), *head.parameters()], lr=0.02)
    for _ in range(200):
        x = ts.randn(5, 64, 1)
        loss = nn.functional.mse_loss(head(layer(x)[0][-1]), x[0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


def test_backward_twice_and_thread_counts() -> None:
    module, x = nn.LSTM(8, 65), ts.randn(6, 150, 8)
    found = []
    for threads in (1, 2):
        before = ts.get_num_threads()
        ts.set_num_threads(threads)
        module.zero_grad()
        loss = module(x)[0].sum()
        loss.backward(retain_graph=True)
        once = module.weight_hh_l0.grad.numpy().copy()
        loss.backward()
        np.testing.assert_allclose(module.weight_hh_l0.grad.numpy(), 2 * once, rtol=1e-6)
        found.append(once)
        ts.set_num_threads(before)
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.LSTM(0, 4), "must be positive"),
        (lambda: nn.GRU(3, 4, dropout=2.0), "dropout must be from 0 to 1"),
        (lambda: nn.RNN(3, 4, nonlinearity="gelu"), "nonlinearity must be"),
        (lambda: nn.LSTM(3, 4)(ts.ones(5, 2, 4)), r"LSTM: input must have shape \(steps, batch, 3\).*got \(5, 2, 4\)"),
        (
            lambda: nn.GRU(3, 4)(ts.ones(5, 2, 3), ts.ones(1, 3, 4)),
            r"states must have shape \(1, 2, 4\), got \(1, 3, 4\)",
        ),
        (lambda: nn.GRU(3, 4)(ts.ones(5, 2, 3), lengths=ts.ones(2)), "lengths must be int64 of shape"),
        (lambda: nn.LSTMCell(3, 4)(ts.ones(2, 5)), r"input must have shape \(batch, 3\)"),
        (
            lambda: ts.recurrent_layer(ts.ones(2, 2, 3), ts.ones(2, 4), None, ts.ones(4, 3), ts.ones(4, 4), mode="x"),
            "mode",
        ),
        (
            lambda: ts.recurrent_layer(ts.ones(2, 2, 3), ts.ones(2, 4), None, ts.ones(16, 3), ts.ones(16, 4)),
            "cell state",
        ),
        (
            lambda: ts.recurrent_layer(
                ts.ones(2, 2, 3), ts.ones(2, 4), None, ts.ones(12, 2), ts.ones(12, 4), mode="gru"
            ),
            r"gru: weight_ih must have shape \(12, 3\)",
        ),
    ],
)
def test_errors(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
