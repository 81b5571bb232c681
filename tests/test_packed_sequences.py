"""Sequences of several lengths: padded, packed, and through recurrent layers."""

import numpy as np
import pytest

import tilestack as ts
from tilestack.nn.utils import rnn

LENGTHS = [2, 5, 1, 5, 3]


def sequences(*shape):
    rng = np.random.default_rng(0)
    return [ts.from_numpy(rng.standard_normal((n, *shape)).astype(np.float32)) for n in LENGTHS]


def same(found, wanted):
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found.detach().numpy(), wanted.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_packed_and_padded_again():
    parts = sequences(3)
    packed = rnn.pack_sequence(parts, enforce_sorted=False)
    assert packed.batch_sizes.tolist() == [5, 4, 3, 2, 2]
    assert packed.sorted_indices.tolist() == [1, 3, 4, 0, 2]
    assert packed.unsorted_indices.tolist() == [3, 0, 4, 1, 2]
    x, lengths = rnn.pad_packed_sequence(packed, batch_first=True, padding_value=7.0, total_length=6)
    assert lengths.tolist() == LENGTHS
    assert tuple(x.shape) == (5, 6, 3)
    for row, part in zip(x, parts, strict=True):
        same(row[: len(part)], part)
        assert (row[len(part) :] == 7).all().item()
    for found, part in zip(rnn.unpack_sequence(packed), parts, strict=True):
        same(found, part)


def test_pad_sequence_on_either_side():
    parts = sequences()
    right, left = rnn.pad_sequence(parts, padding_value=-1.0), rnn.pad_sequence(parts, True, padding_side="left")
    assert tuple(right.shape) == tuple(left.shape) == (5, 5)
    assert right[:, 2].tolist()[1:] == [-1] * 4
    assert left[2].tolist()[:4] == [0] * 4
    for found, part in zip(rnn.unpad_sequence(right, ts.tensor(LENGTHS)), parts, strict=True):
        same(found, part)


@pytest.mark.parametrize("kind", [ts.nn.LSTM, ts.nn.GRU, ts.nn.RNN])
def test_layers_run_each_sequence_for_its_length(kind):
    ts.manual_seed(0)
    layer = kind(3, 4, num_layers=2, bidirectional=True)
    parts = sequences(3)
    packed = rnn.pack_sequence(parts, enforce_sorted=False)
    y, ends = layer(packed)
    assert isinstance(y, rnn.PackedSequence)
    ends = ends if isinstance(ends, tuple) else (ends,)
    for i, (found, part) in enumerate(zip(rnn.unpack_sequence(y), parts, strict=True)):
        wanted, last = layer(part)
        last = last if isinstance(last, tuple) else (last,)
        same(found, wanted)
        for end, single in zip(ends, last, strict=True):
            same(end[:, i], single)


def test_states_stay_with_their_sequences():
    layer = ts.nn.GRU(3, 4)
    parts = sequences(3)
    h = ts.randn(1, 5, 4)
    _, ends = layer(rnn.pack_sequence(parts, enforce_sorted=False), h)
    for i, part in enumerate(parts):
        same(ends[:, i], layer(part, h[:, i])[1])


def test_gradients_reach_every_step():
    x = ts.ones(5, 5, 3, requires_grad=True)
    packed = rnn.pack_padded_sequence(x, LENGTHS, enforce_sorted=False)
    (packed.data * 2).sum().backward()
    steps = np.arange(5)[:, None] < np.array(LENGTHS)
    np.testing.assert_array_equal(x.grad.numpy(), np.where(steps[:, :, None], 2.0, 0.0) * np.ones((5, 5, 3)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: rnn.pack_padded_sequence(x, [1, 2]), "lengths must not grow, or pass enforce_sorted=False"),
        (lambda x: rnn.pack_padded_sequence(x, [4, 2]), "lengths must be at most 3"),
        (lambda x: rnn.pack_padded_sequence(x, [3, 0]), "lengths must be at least 1"),
        (lambda x: rnn.pack_padded_sequence(x, [3]), "one length for each of 2 sequences"),
        (lambda x: rnn.pad_packed_sequence(rnn.pack_padded_sequence(x, [3, 1]), total_length=2), "at least 3"),
        (lambda x: rnn.pad_sequence([]), "at least one sequence"),
        (lambda x: ts.nn.LSTM(3, 4, proj_size=4), "LSTM: proj_size must be 0, or .* less than hidden_size 4, got 4"),
        (lambda x: ts.nn.GRU(3, 4, proj_size=2), "GRU: proj_size must be 0"),
    ],
)
def test_errors_say_what_was_wanted(call, message):
    with pytest.raises(ValueError, match=message):
        call(ts.zeros(3, 2, 4))


@pytest.mark.peers
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_torch_agrees(kind, batch_first):
    torch = pytest.importorskip("torch")
    peer_rnn = torch.nn.utils.rnn
    torch.manual_seed(0)
    peer = getattr(torch.nn, kind)(3, 4, 2, bidirectional=True, batch_first=batch_first)
    layer = getattr(ts.nn, kind)(3, 4, 2, bidirectional=True, batch_first=batch_first)
    layer.load_state_dict({name: ts.from_numpy(p.detach().numpy()) for name, p in peer.named_parameters()})
    x = np.random.default_rng(1).standard_normal((5, 5, 3)).astype(np.float32)
    ours, theirs = ts.from_numpy(x.copy()).requires_grad_(), torch.from_numpy(x.copy()).requires_grad_()
    packed = rnn.pack_padded_sequence(ours, LENGTHS, batch_first, enforce_sorted=False)
    peers = peer_rnn.pack_padded_sequence(theirs, LENGTHS, batch_first, enforce_sorted=False)
    for found, wanted in zip(packed, peers, strict=True):
        same(found, wanted)
    (y, ends), (peer_y, peer_ends) = layer(packed), peer(peers)
    for found, wanted in zip(y, peer_y, strict=True):
        same(found, wanted)
    if kind != "LSTM":
        ends, peer_ends = (ends,), (peer_ends,)
    for found, wanted in zip(ends, peer_ends, strict=True):
        same(found, wanted)
    for found, wanted in zip(
        rnn.pad_packed_sequence(y, batch_first), peer_rnn.pad_packed_sequence(peer_y, batch_first), strict=True
    ):
        same(found, wanted)
    (y.data * y.data).sum().backward()
    (peer_y.data * peer_y.data).sum().backward()
    same(ours.grad, theirs.grad)
    for (_, p), (_, q) in zip(layer.named_parameters(), peer.named_parameters(), strict=True):
        same(p.grad, q.grad)
