"""Gradients of chosen tensors: autograd.grad, autograd.backward, backward(inputs=), retain_grad, hooks of shared leaves."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import tilestack as ts
from tilestack.autograd import backward, grad


def leaf(*values: float) -> ts.Tensor:
    return ts.tensor(list(map(float, values)), requires_grad=True)


def test_grad_of_leaves_leaves_their_grad_alone() -> None:
    x, w, unused = leaf(1, 2), leaf(3, 4), leaf(5)
    x.grad = ts.ones(2)
    dx, dw = grad((x * w * x).sum(), [x, w])
    assert (dx.tolist(), dw.tolist()) == ([6, 16], [1, 4])
    assert (x.grad.tolist(), w.grad, unused.grad) == ([1, 1], None, None)
    assert not dx.requires_grad


def test_grad_of_results_and_of_what_is_behind_them() -> None:
    x = leaf(1, 2)
    y = x * 3
    z = y * y
    out = z.sum()
    dz, dx, dy, dout = grad(out, [z, x, y, out])
    assert [g.tolist() for g in (dz, dx, dy, dout)] == [[1, 1], [18, 36], [6, 12], 1]


def test_grad_runs_only_the_ops_between() -> None:
    ran: list = []

    class Spy(ts.Function):
        @staticmethod
        def forward(ctx, x, name):
            ctx.name = name
            return x * 1

        @staticmethod
        def backward(ctx, dy):
            ran.append(ctx.name)
            return dy, None

    x = leaf(1)
    first = Spy.apply(x, "first")
    second = Spy.apply(first, "second")
    aside = Spy.apply(leaf(2), "aside")
    out = (second * aside).sum()
    (d,) = grad(out, first, retain_graph=True)
    assert (d.tolist(), ran) == ([2], ["second"])
    out.backward(inputs=[x])
    assert (x.grad.tolist(), ran) == ([2], ["second", "second", "first"])


def test_grad_outputs_of_several_results() -> None:
    x = leaf(1, 2)
    dx = grad([x * 2, (x * x).sum()], x, [ts.tensor([1.0, 10.0]), None])[0]
    assert dx.tolist() == [2 + 2, 20 + 4]
    given = ts.ones(2)
    (same,) = grad(y := x * 2, y, given)
    same += 1
    assert given.tolist() == [1, 1], "a gradient is never the caller's tensor"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_parts_whose_gradients_lie_side_by_side(order: tuple[int, ...]) -> None:
    x = ts.zeros((4, 6), requires_grad=True)
    dy = ts.arange(24).float().reshape(4, 6)
    parts, slopes = x.chunk(3, 1), dy.chunk(3, 1)
    (dx,) = grad(parts, x, [slopes[i] for i in order])
    want = np.concatenate([slopes[i].numpy() for i in order], 1)
    dy.zero_()
    assert (dx.numpy() == want).all()  # which is memory of its own
    assert dx.is_contiguous()


def test_reshape_back_of_a_gradient_that_is_spread() -> None:
    x = ts.zeros((2, 3, 4), requires_grad=True)
    dy = ts.arange(48).float().reshape(2, 3, 2, 2, 2)[..., 0]
    (dx,) = grad(x.reshape(2, 3, 2, 2), x, dy)
    assert (dx.numpy() == dy.numpy().reshape(2, 3, 4)).all()
    (dx,) = grad(x.reshape(4, 6), x, ts.arange(24).float().reshape(6, 4).t())
    assert (dx.numpy() == np.arange(24).reshape(6, 4).T.reshape(2, 3, 4)).all()


def test_unused_inputs() -> None:
    x, unused = leaf(1, 2), leaf(3)
    for retain in (True, False):
        with pytest.raises(RuntimeError, match=r"do not depend on input 1, of shape \(1,\); allow_unused=True"):
            grad((x * 2).sum(), [x, unused], retain_graph=retain)
    assert grad((x * 2).sum(), [x, unused], allow_unused=True)[1] is None
    assert grad((x * 2).sum(), [x, unused], materialize_grads=True)[1].tolist() == [0]


def test_freed_tape_is_named() -> None:
    x = leaf(1)
    y = x.exp()
    z = y * 2
    z.sum().backward()
    with pytest.raises(RuntimeError, match="walked and freed before"):
        grad(z.sum(), x)
    again = (y * 3).sum()  # above a freed op
    assert grad(again, y)[0].tolist() == [3]
    with pytest.raises(RuntimeError, match="exp was walked and freed before"):
        grad((y * 3).sum(), x)


def test_backward_of_several_results_and_to_chosen_leaves() -> None:
    x, w = leaf(1, 2), leaf(3, 4)
    backward([(x * w).sum(), x * 2], [None, ts.ones(2)], retain_graph=True, inputs=w)
    assert (x.grad, w.grad.tolist()) == (None, [1, 2])
    backward([(x * w).sum(), x * 2], [None, ts.ones(2)])
    assert (x.grad.tolist(), w.grad.tolist()) == ([5, 6], [2, 4])
    (x * w).sum().backward(inputs=x)
    assert (x.grad.tolist(), w.grad.tolist()) == ([8, 10], [2, 4])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: grad(x.sum(), ts.ones(2)), RuntimeError, "input 0, of shape .2,., does not require"),
        (lambda x: grad(x * 2, x), RuntimeError, "grad: wanted a tensor of one element, got shape .2,."),
        (lambda x: grad(x * 2, x, ts.ones(3)), RuntimeError, "must have shape .2,., got .3,."),
        (lambda x: grad([x.sum()], x, [None, None]), ValueError, "each of 1 results, got 2"),
        (lambda x: grad(x.sum(), []), ValueError, "inputs must not be empty"),
        (lambda x: grad(x.sum(), [3]), TypeError, "inputs must be tensors, got int"),
        (lambda x: grad(x.sum(), x, create_graph=True), RuntimeError, "no second derivatives"),
        (lambda x: grad(ts.ones(1), x), RuntimeError, "does not depend on any tensor"),
        (lambda x: x.sum().backward(inputs=[]), ValueError, "inputs must not be empty"),
        (lambda x: x.sum().backward(inputs=[None]), TypeError, "inputs must be tensors, got NoneType"),
        (lambda x: x.sum().backward(inputs=3), TypeError, "inputs must be tensors, got int"),
        (lambda x: x.sum().backward(inputs=x * 2), RuntimeError, "must be leaves"),
        (lambda x: x.sum().backward(create_graph=True), RuntimeError, "no second derivatives"),
    ],
)
def test_errors(call, error, words) -> None:
    x = leaf(1, 2)
    with pytest.raises(error, match=words):
        call(x)
    assert x.grad is None


def test_hook_of_a_shared_leaf_sees_the_whole_gradient() -> None:
    seen: list = []
    x = leaf(3)
    x.grad = ts.ones(1)
    with x.register_hook(lambda g: seen.append(g.item())):
        (x * x + x).sum().backward()
    assert (seen, x.grad.tolist()) == ([7], [8])
    x.register_hook(lambda g: g * 10)
    assert grad((x * x).sum(), x)[0].tolist() == [60]
    assert x.grad.tolist() == [8]
    x.register_hook(lambda g: g.reshape(1, 1))
    with pytest.raises(RuntimeError, match=r"shape \(1, 1\) reached a leaf of shape \(1,\)"):
        (x * 2).sum().backward()
    assert x.grad.tolist() == [8]


def test_tied_weights_are_hooked_once() -> None:
    embedding = ts.nn.Embedding(5, 3)
    calls: list = []
    embedding.weight.register_hook(lambda g: calls.append(g.clone()))
    h = embedding(ts.tensor([1, 2]))
    ts.nn.functional.linear(h, embedding.weight).sum().backward()
    assert len(calls) == 1
    np.testing.assert_array_equal(calls[0].numpy(), embedding.weight.grad.numpy())


def test_retain_grad() -> None:
    x = leaf(1, 2)
    y = x * 3
    y.retain_grad()
    y.retain_grad()
    x.retain_grad()  # nothing to do
    (y * y).sum().backward(retain_graph=True)
    assert (y.grad.tolist(), x.grad.tolist()) == ([6, 12], [18, 36])
    with pytest.raises(RuntimeError, match="does not require a gradient"):
        ts.ones(1).retain_grad()
    alive = weakref.ref(y)
    del y
    gc.collect()
    assert alive() is None


def test_deep_graphs() -> None:
    x = leaf(1)
    y = x
    for _ in range(100_000):
        y = y + 0
    assert grad(y.sum(), x)[0].tolist() == [1]


@pytest.mark.peers
def test_beside_torch() -> None:
    torch = pytest.importorskip("torch")
    values = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)

    def results(lib, tensor):
        x = tensor(values).requires_grad_()
        w = tensor(values.T.copy()).requires_grad_()
        h = lib.tanh(x @ w)
        y = (h * h + x[:, :3]).sum()
        return [g.detach().numpy() for g in lib.autograd.grad([y, h], [h, w, x], [None, h.detach()])]

    for ours, theirs in zip(
        results(ts, lambda a: ts.tensor(a.copy())), results(torch, lambda a: torch.tensor(a)), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
