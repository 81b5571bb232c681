"""Random numbers: Philox against its published vectors, our streams against Philox, distributions, seeds."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import harness
import tilestack as ts

each_isa = pytest.mark.parametrize("isa", ts._core.isas(), indirect=True)


def philox(counters: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    """Philox 4x32-10 (Salmon et al., 2011).   counters: (n, 4) words of 32 bits. Returns (n, 4) words."""
    a, b, c, d = counters.astype(np.uint64).T
    key0, key1 = (np.uint64(k) for k in key)
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    for _ in range(10):
        p, q = np.uint64(0xD2511F53) * a, np.uint64(0xCD9E8D57) * c
        a, b, c, d = (q >> half) ^ b ^ key0, q & low, (p >> half) ^ d ^ key1, p & low
        key0, key1 = (key0 + np.uint64(0x9E3779B9)) & low, (key1 + np.uint64(0xBB67AE85)) & low
    return np.stack([a, b, c, d], 1).astype(np.uint32)


def stream(seed: int, n: int) -> np.ndarray:
    """The first n words after manual_seed(seed): groups of 16 counters, in each all first words, then all second ones."""
    groups = -(-n // 64)
    counter = np.arange(16 * groups, dtype=np.uint64)
    words = philox(np.stack([counter, 0 * counter, 0 * counter, 0 * counter], 1), (seed & 0xFFFFFFFF, seed >> 32))
    return words.reshape(groups, 16, 4).transpose(0, 2, 1).reshape(-1)[:n]


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [  # Random123's kat_vectors
        ((0,) * 4, (0,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers(counter, key, words) -> None:
    assert tuple(philox(np.array([counter]), key)[0]) == words


@each_isa
@pytest.mark.parametrize("seed", [0, 1, 0x299F31D0A4093822])
@pytest.mark.parametrize("n", [1, 63, 64, 1000, 100_001])
def test_uniform_is_the_philox_stream(isa: str, seed: int, n: int) -> None:
    ts.manual_seed(seed)
    got = ts.rand(n).numpy()
    np.testing.assert_array_equal(got, (stream(seed, n) >> 8).astype(np.float32) * np.float32(2**-24))


def draws() -> list[np.ndarray]:
    p = ts.full((5000,), 0.3)
    return [
        ts.rand(70_001).numpy(),
        ts.randn(70_001).numpy(),
        ts.randn(1001, dtype=ts.float64).numpy(),
        ts.rand(999, dtype=ts.float16).numpy(),
        ts.randint(-5, 50, (70_001,)).numpy(),
        ts.randperm(1000).numpy(),
        ts.bernoulli(p).numpy(),
        ts.nn.functional.dropout(ts.ones(70_001), 0.4).numpy(),
    ]


@each_isa
def test_same_for_any_isa_and_threads(isa: str) -> None:
    """Integers and uniform numbers to the bit; normal ones to rounding, for they pass through log, sin and cos."""
    before, best = ts.get_num_threads(), ts._core.isas()[-1]
    ts._core.set_isa(best)
    ts.manual_seed(7)
    wanted = draws()
    ts._core.set_isa(isa)
    results = []
    for threads in (1, 2, 3):
        ts.set_num_threads(threads)
        ts.manual_seed(7)
        results.append(draws())
    ts.set_num_threads(before)
    for others in zip(*results, strict=True):
        assert len({other.tobytes() for other in others}) == 1
    for got, want in zip(results[0], wanted, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_seeds() -> None:
    ts.manual_seed(3)
    first, second = ts.rand(100).tolist(), ts.rand(100).tolist()
    assert first != second
    ts.manual_seed(3)
    assert (ts.rand(100).tolist(), ts.rand(100).tolist()) == (first, second)
    ts.manual_seed(4)
    assert ts.rand(100).tolist() != first


def test_part_of_a_draw_does_not_depend_on_its_length() -> None:
    ts.manual_seed(5)
    long = ts.rand(100_000).numpy()
    ts.manual_seed(5)
    np.testing.assert_array_equal(ts.rand(1000).numpy(), long[:1000])


def test_draws_from_threads_are_distinct() -> None:
    """The stream is shared and handed out in pieces, never twice."""
    ts.manual_seed(6)
    seen: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: seen.extend(ts.rand(64).numpy().tobytes() for _ in range(100)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 400


N = 200_000


def moments(x: np.ndarray) -> list[float]:
    x = x.astype(np.float64)
    m, s = x.mean(), x.std()
    return [m, s, (((x - m) / s) ** 3).mean(), (((x - m) / s) ** 4).mean()]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_normal_moments(dtype: str) -> None:
    ts.manual_seed(0)
    x = ts.randn(N, dtype=getattr(ts, dtype)).float().numpy()
    # Standard errors: 1 / sqrt(N) = 0.0022, 0.0016, sqrt(6 / N) = 0.0055, sqrt(24 / N) = 0.011; four of each.
    for got, want, error in zip(moments(x), (0, 1, 0, 3), (0.009, 0.0064, 0.022, 0.044), strict=True):
        assert abs(got - want) < error + (0.002 if "16" in dtype else 0)
    assert np.isfinite(x).all()
    assert np.abs(x).max() > 4
    neighbours = np.corrcoef(x[:-1], x[1:])[0, 1], np.corrcoef(x[:-16], x[16:])[0, 1]
    assert max(map(abs, neighbours)) < 0.009


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_uniform_moments(dtype: str) -> None:
    ts.manual_seed(0)
    x = ts.rand(N, dtype=getattr(ts, dtype)).float().numpy()
    lattice = (
        2.0**-8 / 2 if dtype == "bfloat16" else 2.0**-11 / 2 if dtype == "float16" else 0
    )  # values are rounded down
    assert x.min() >= 0
    assert x.max() < 1
    assert abs(x.mean() + lattice - 0.5) < 4 * 12**-0.5 / N**0.5
    assert abs(x.var() - 1 / 12) < 0.0008
    counts = np.histogram(x, 64, (0, 1))[0]
    chi2 = ((counts - N / 64) ** 2 / (N / 64)).sum()
    assert chi2 < 63 + 5 * (2 * 63) ** 0.5


def test_randint() -> None:
    ts.manual_seed(0)
    x = ts.randint(-3, 4, (N,))
    assert x.dtype is ts.int64
    counts = np.bincount(x.numpy() + 3, minlength=7)
    assert len(counts) == 7
    assert ((counts - N / 7) ** 2 / (N / 7)).sum() < 30
    assert ts.randint(5, (2, 3)).shape == (2, 3)
    assert ts.randint(0, 2, (100,), dtype=ts.uint8).dtype is ts.uint8
    with pytest.raises(ValueError, match="randint"):
        ts.randint(3, 3, (1,))


def test_randperm() -> None:
    ts.manual_seed(0)
    for n in (0, 1, 2, 1000):
        assert sorted(ts.randperm(n).tolist()) == list(range(n))
    places = np.array([ts.randperm(5).numpy() for _ in range(5000)])
    counts = np.stack([np.bincount(column, minlength=5) for column in places.T])
    assert np.abs(counts - 1000).max() < 5 * (1000 * 0.8) ** 0.5


def test_in_place() -> None:
    ts.manual_seed(0)
    x = ts.empty(N)
    assert x.uniform_(-2, 2) is x
    assert -2 <= x.min().item() < -1.99
    assert 1.99 < x.max().item() < 2
    assert abs(x.normal_(5, 0.1).mean().item() - 5) < 0.002
    assert abs(x.std().item() - 0.1) < 0.001
    assert abs(x.bernoulli_(0.25).mean().item() - 0.25) < 0.005
    strided = ts.zeros(10, 10)
    strided[:, ::2].uniform_(1, 2)
    assert (strided[:, ::2] >= 1).all()
    assert (strided[:, 1::2] == 0).all(), "neighbours are left alone"
    for wrong in (lambda: x.uniform_(2, 1), lambda: x.normal_(0, -1), lambda: x.bernoulli_(1.5)):
        with pytest.raises(ValueError):
            wrong()


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_dropout(p: float) -> None:
    ts.manual_seed(0)
    x = ts.ones(N, requires_grad=True)
    y = ts.nn.functional.dropout(x, p)
    kept = y.detach().numpy() != 0
    assert abs(kept.mean() - (1 - p)) < 0.005
    if p < 1:
        np.testing.assert_allclose(y.detach().numpy()[kept], 1 / (1 - p), rtol=1e-6)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())
    assert ts.nn.functional.dropout(x, p, training=False) is x or p == 0


@pytest.mark.parametrize("backend", harness.BACKENDS, indirect=True)
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("dtype", harness.FLOATS)
def test_dropout_adds_a_residual(backend: str, dtype: str, p: float) -> None:
    """In one pass, of any length and address, and with a gradient of its own."""
    draw = np.random.default_rng(0).standard_normal
    for n, skip in ((1, 0), (15, 0), (1000, 0), (1000, 1)):
        x = harness.to_tensor(draw(n), dtype).requires_grad_()
        residual = harness.to_tensor(draw(n + skip), dtype)[skip:].detach().requires_grad_()
        ts.manual_seed(5)
        dropped = ts.nn.functional.dropout(x.detach(), p)
        ts.manual_seed(5)
        y = ts.nn.functional.dropout(x, p, residual=residual)
        assert y.dtype == x.dtype
        want = harness.to_array(dropped).astype(np.float64) + harness.to_array(residual.detach())
        rounding = {"bfloat16": 2.0**-7, "float16": 2.0**-10, "float32": 1e-6, "float64": 1e-14}[dtype]
        np.testing.assert_allclose(harness.to_array(y.detach()), want, rounding, rounding)
        y.sum().backward()
        assert (harness.to_array(residual.grad) == 1).all()
        slope = harness.to_array(x.grad)
        if p:
            np.testing.assert_array_equal(slope != 0, harness.to_array(dropped) != 0)  # the same mask on the way back


@pytest.mark.parametrize(
    "draw",
    [
        lambda n: ts.rand(n, 64),
        lambda n: ts.randn(n, 64, dtype=ts.bfloat16),
        lambda n: ts.randn(n, 64, dtype=ts.float64),
        lambda n: ts.randint(0, 100, (n, 64)),
        lambda n: ts.ones(n, 64).bernoulli_(0.3),
        lambda n: ts.bernoulli(ts.full((n, 64), 0.3)),
        lambda n: ts.nn.functional.dropout(ts.ones(n, 64)),
    ],
)
def test_a_batch_drawn_in_two_parts_is_the_same(draw) -> None:
    """Parts of a multiple of 128 elements; what smaller ones leave of a group of the stream is skipped."""
    ts.manual_seed(0)
    whole = draw(10)
    ts.manual_seed(0)
    assert (ts.cat([draw(4), draw(6)]) == whole).all()


def test_dropout_with_a_residual_of_another_shape_or_dtype() -> None:
    ts.manual_seed(0)
    x, residual = ts.ones(4, 6, dtype=ts.bfloat16, requires_grad=True), ts.ones(6, requires_grad=True)
    y = ts.nn.functional.dropout(x, 0.5, residual=residual)
    assert y.dtype == ts.float32
    assert set(y.detach().numpy().ravel()) == {1.0, 3.0}
    y.sum().backward()
    assert (residual.grad == 4).all()
    channels_last = ts.ones(2, 4, 4, 3).permute(0, 3, 1, 2)
    y = ts.nn.functional.dropout(channels_last, 0.5, residual=ts.arange(96.0).reshape(2, 3, 4, 4))
    assert set((y - ts.arange(96.0).reshape(2, 3, 4, 4)).numpy().ravel()) == {0.0, 2.0}
    assert (ts.nn.functional.dropout(channels_last, 0.5, False, residual=channels_last) == 2).all()
    with pytest.raises(ValueError, match="broadcast"):
        ts.nn.functional.dropout(ts.ones(3), residual=ts.ones(4))


def test_generator_belongs_to_the_seed_not_to_the_global_state() -> None:
    if not hasattr(ts, "Generator"):
        pytest.skip("no Generator")
    a, b = ts.Generator(), ts.Generator()
    a.manual_seed(1)
    b.manual_seed(1)
    ts.manual_seed(2)
    first = ts.rand(10, generator=a).tolist()
    ts.rand(100)
    assert ts.rand(10, generator=b).tolist() == first
    ts.manual_seed(1)
    assert ts.rand(10).tolist() == first
