"""What the case of scaled_dot_product_attention can't say: masks of nothing, errors, memory, repeatability."""

from __future__ import annotations

import numpy as np
import pytest

import harness
import tilestack as ts
from parity import same_bits

F = ts.nn.functional
attention = F.scaled_dot_product_attention
each_backend = pytest.mark.parametrize("backend", harness.BACKENDS, indirect=True)


def normal(*shape: int, seed: int = 0, dtype: str = "float32") -> ts.Tensor:
    return harness.to_tensor(np.random.default_rng(seed).standard_normal(shape), dtype)


def three(*shape: int, dtype: str = "float32") -> list[ts.Tensor]:
    return [normal(*shape, seed=i, dtype=dtype).requires_grad_() for i in range(3)]


@each_backend
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", ["bool", "added", "trained"])
def test_a_row_without_keys_is_zero(backend: str, dtype: str, kind: str) -> None:
    q, k, v = three(2, 40, 16, dtype=dtype)
    seen = np.random.default_rng(3).random((40, 40)) < 0.5
    seen[7] = seen[33] = False
    mask = harness.to_tensor(seen, "bool") if kind == "bool" else harness.to_tensor(np.where(seen, 0, -np.inf), dtype)
    mask.requires_grad = kind == "trained"
    y = attention(q, k, v, mask)
    y.sum().backward()
    assert (harness.to_array(y)[:, [7, 33]] == 0).all()
    assert (harness.to_array(q.grad)[:, [7, 33]] == 0).all()
    slopes = [x.grad for x in (q, k, v, mask) if x.requires_grad]
    assert all(np.isfinite(harness.to_array(x)).all() for x in (y, *slopes))


@each_backend
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_nan_stays_in_its_row(backend: str, dtype: str) -> None:
    values = np.random.default_rng(0).standard_normal((3, 40, 16))
    values[0, 5, 3] = np.nan
    y = harness.to_array(attention(*(harness.to_tensor(x, dtype) for x in values)))
    assert np.isnan(y[5]).all()
    assert np.isfinite(np.delete(y, 5, 0)).all()


@each_backend
def test_dropout_beside_a_mask_with_a_gradient(backend: str) -> None:
    q, k, v = three(4, 64, 16)
    mask = normal(64, 64, seed=5).requires_grad_()
    ts.manual_seed(0)
    y = attention(q, k, ts.ones_like(v), mask, dropout_p=0.25)
    kept = harness.to_array(y)  # of probabilities that sum to 1
    assert abs(kept.mean() - 1) < 0.02
    assert kept.std() > 0.05


@each_backend
def test_large_scores_do_not_overflow(backend: str) -> None:
    q, v = normal(40, 16) * 1000, normal(40, 16)
    y = harness.to_array(attention(q, q, v))
    scores = harness.to_array(q) @ harness.to_array(q).T
    np.testing.assert_allclose(y, harness.to_array(v)[scores.argmax(-1)], rtol=1e-5)


@each_backend
def test_heads_within_tokens_need_no_copy(backend: str) -> None:
    packed = normal(2, 30, 3, 4, 16)
    q, k, v = (x.transpose(1, 2) for x in packed.unbind(2))
    y = attention(q, k, v)
    assert y.transpose(1, 2).is_contiguous()
    want = attention(*(x.contiguous() for x in (q, k, v)))
    assert same_bits(harness.to_array(y), harness.to_array(want))


@each_backend
@pytest.mark.parametrize(("heads", "cols"), [(2, 32), (4, 64), (3, 20)])
def test_parts_of_one_tensor(backend: str, heads: int, cols: int) -> None:
    """Rows of k and v that lie among others', some at strides that a cache likes less."""
    qkv = normal(2, 100, 3 * heads * cols)
    slopes = []
    for dense in (False, True):
        x = qkv.detach().clone().requires_grad_()
        parts = [part.unflatten(-1, (heads, cols)).transpose(1, 2) for part in x.chunk(3, -1)]
        y = attention(*(part.contiguous() if dense else part for part in parts), is_causal=True)
        (y * y).sum().backward()
        slopes.append(harness.to_array(x.grad))
    np.testing.assert_allclose(*slopes, rtol=1e-5, atol=1e-6)


@each_backend
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_dropout_is_drawn_again_by_backward(backend: str, dtype: str) -> None:
    q, k, _ = three(1, 2, 40, 16, dtype=dtype)
    v = harness.to_tensor(np.eye(40)[None, None, :, :].repeat(2, 1), dtype).requires_grad_()
    ts.manual_seed(5)
    dropped = attention(q, k, v, dropout_p=0.5)  # the probabilities themselves
    share = float((harness.to_array(dropped) == 0).mean())
    assert 0.45 < share < 0.55
    dropped.backward(harness.to_tensor(np.ones((1, 2, 40, 40)), dtype))
    want = harness.to_array(dropped).sum(-2)[..., None].repeat(40, -1)
    np.testing.assert_allclose(harness.to_array(v.grad), want, atol=1e-5 if dtype == "float32" else 0.05)


def gradients(backend: str, threads: int) -> list[np.ndarray]:
    before = ts.get_num_threads()
    ts.set_num_threads(threads)
    q, k, v = normal(1, 2, 300, 32), normal(1, 1, 1100, 32, seed=1), normal(1, 1, 1100, 32, seed=2)
    leaves = [x.requires_grad_() for x in (q, k, v)]
    ts.manual_seed(1)
    y = attention(*leaves, dropout_p=0.1, is_causal=True, enable_gqa=True)
    y.backward(normal(1, 2, 300, 32, seed=3))
    ts.set_num_threads(before)
    return [harness.to_array(x) for x in (y, *(x.grad for x in leaves))]


@each_backend
def test_same_bits_for_any_number_of_threads(backend: str) -> None:
    want = gradients(backend, 1)
    for threads in (2, 3):
        assert all(map(same_bits, gradients(backend, threads), want))


def test_memory_is_linear_in_tokens() -> None:
    code = """
import resource, tilestack as ts
def run(n):
    q, k, v = (ts.randn((1, n, 64), requires_grad=True) for _ in range(3))
    ts.nn.functional.scaled_dot_product_attention(q, k, v).sum().backward()
run(64)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
run(4096)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    import subprocess
    import sys

    grown = int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout) * 1024
    assert grown < 4096 * 4096 * 4 / 2


def zeros(*shape: int) -> ts.Tensor:
    return ts.zeros(shape)


ERRORS = [
    (lambda: attention(zeros(2, 3), zeros(4, 5), zeros(4, 5)), ValueError, r"one head size.*\(2, 3\) and \(4, 5\)"),
    (lambda: attention(zeros(2, 3), zeros(4, 3), zeros(5, 3)), ValueError, r"as many tokens.*\(4, 3\) and \(5, 3\)"),
    (lambda: attention(zeros(3), zeros(4, 3), zeros(4, 3)), ValueError, "at least 2 dimensions"),
    (lambda: attention(zeros(2, 3), zeros(4, 3).double(), zeros(4, 3)), TypeError, "scaled_dot_product_attention: .*"),
    (lambda: attention(zeros(2, 5, 3), zeros(3, 5, 3), zeros(3, 5, 3)), ValueError, "do not broadcast"),
    (
        lambda: attention(zeros(3, 5, 3), zeros(2, 5, 3), zeros(2, 5, 3), enable_gqa=True),
        ValueError,
        "multiple of those",
    ),
    (lambda: attention(*[zeros(5, 3)] * 3, zeros(5, 4)), ValueError, r"\(5, 4\) and \(5, 5\) do not broadcast"),
    (lambda: attention(*[zeros(5, 3)] * 3, zeros(2, 5, 5)), ValueError, r"attn_mask must broadcast to \(5, 5\)"),
    (lambda: attention(*[zeros(5, 3)] * 3, ts.zeros((5, 5), dtype=ts.int64)), TypeError, "attn_mask must be bool"),
    (lambda: attention(*[zeros(5, 3)] * 3, dropout_p=1.5), ValueError, r"dropout_p must be in \[0, 1\]"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_error(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
