"""The tape: accumulation, modes, hooks, ops written in Python, memory."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import tilestack as ts


def leaf(*values: float) -> ts.Tensor:
    return ts.tensor([float(v) for v in values], requires_grad=True)


def allocated() -> int:
    gc.collect()
    return ts.memory_stats()["allocated_bytes"]


def test_gradients_add_up() -> None:
    x = leaf(1, 2)
    (x * 3).sum().backward()
    (x * x).sum().backward()
    assert x.grad.tolist() == [5, 7]
    x.grad = None
    assert x.grad is None
    x.sum().backward()
    assert x.grad.tolist() == [1, 1]


def test_diamond() -> None:
    x = leaf(2)
    a = x * 3
    b = a * a
    c = a + b
    (b * c + a).sum().backward()
    # a = 3x, b = a^2: d/dx (a^3 + a^4 + a) = 3 (3 a^2 + 4 a^3 + 1)
    assert x.grad.tolist() == [3 * (3 * 36 + 4 * 216 + 1)]


def test_same_tensor_twice() -> None:
    x = leaf(3)
    (x * x).sum().backward()
    assert x.grad.tolist() == [6]
    x.grad = None
    (x - x).sum().backward()
    assert x.grad.tolist() == [0]


def test_unused_and_partial() -> None:
    x, y, z = leaf(1), leaf(2), leaf(3)
    (x * y).sum().backward()
    assert z.grad is None
    assert (x.grad.item(), y.grad.item()) == (2, 1)


def test_broadcast_gradients_have_the_leaf_shape() -> None:
    a, b = ts.ones(3, 1, requires_grad=True), ts.ones(2, 1, 4, requires_grad=True)
    (a * b).sum().backward()
    assert (a.grad.shape, b.grad.shape) == ((3, 1), (2, 1, 4))
    assert (a.grad.tolist(), b.grad[0, 0, 0].item()) == ([[8]] * 3, 3)


def test_views_on_the_tape() -> None:
    x = ts.arange(6).float().requires_grad_()
    y = x.reshape(2, 3).T[1:].unsqueeze(0).expand(4, 2, 2)
    (y * y).sum().backward()
    assert x.grad.tolist() == [0, 8, 16, 0, 32, 40]


def test_dtype_changes_on_the_tape() -> None:
    x = leaf(1.5)
    (x.double() * 2).to(ts.bfloat16).sum().backward()
    assert (x.grad.dtype, x.grad.tolist()) == (ts.float32, [2])


def test_shared_gradients_are_not_aliased() -> None:
    x, y = leaf(1, 2), leaf(3, 4)
    dy = ts.ones(2)
    (x + y).backward(dy)
    with ts.no_grad():
        x.grad[0] = 100
    assert y.grad.tolist() == [1, 1]
    assert dy.tolist() == [1, 1]
    (x + y).backward(dy)
    assert (x.grad.tolist(), y.grad.tolist(), dy.tolist()) == ([101, 2], [2, 2], [1, 1])
    kept = x.grad
    (x * 1).backward(dy)
    assert dy.tolist() == [1, 1]
    assert kept.shape == (2,)


def test_gradient_argument() -> None:
    x = leaf(1, 2)
    (x * x).backward(ts.tensor([10.0, 1.0]))
    assert x.grad.tolist() == [20, 4]
    x.sum().backward(gradient=ts.tensor(2.0))
    assert x.grad.tolist() == [22, 6]
    with pytest.raises((RuntimeError, ValueError), match=r"backward.*\(2,\)"):
        (x * 2).backward()
    with pytest.raises((RuntimeError, ValueError), match=r"backward.*\(3,\)"):
        (x * 2).backward(ts.ones(3))
    ts.ones(1, 1, requires_grad=True).backward()


def test_backward_without_a_tape() -> None:
    with pytest.raises(RuntimeError, match="backward"):
        ts.ones(()).backward()
    with pytest.raises(RuntimeError, match="backward"):
        (leaf(1) * 2).detach().sum().backward()
    x = ts.tensor(2.0, requires_grad=True)
    x.backward()
    assert x.grad.item() == 1


def test_retain_graph() -> None:
    x = leaf(3)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [18]
    with pytest.raises(RuntimeError, match="retain_graph"):
        y.backward()
    assert x.grad.tolist() == [18]


def test_detach_and_data() -> None:
    x = leaf(1, 2)
    y = x.detach()
    assert not y.requires_grad
    assert y.data_ptr() == x.data_ptr()
    (x * x.detach()).sum().backward()
    assert x.grad.tolist() == [1, 2]
    assert not x.data.requires_grad


def test_modes() -> None:
    x = leaf(1)
    with ts.no_grad():
        assert not (x * 2).requires_grad
        with ts.enable_grad():
            assert (x * 2).requires_grad
        assert not ts.is_grad_enabled()
        with ts.set_grad_enabled(True):
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad
    assert ts.is_grad_enabled()
    ts.set_grad_enabled(False)
    assert not (x * 2).requires_grad
    ts.set_grad_enabled(True)
    with pytest.raises(ZeroDivisionError), ts.no_grad():
        1 / 0  # noqa: B018
    assert ts.is_grad_enabled()


@pytest.mark.parametrize(
    ("decorator", "want"),
    [(ts.no_grad, False), (ts.enable_grad, True), (lambda: ts.set_grad_enabled(False), False)],
    ids=["no_grad", "enable_grad", "set_grad_enabled"],
)
def test_modes_as_decorators(decorator, want: bool) -> None:
    @decorator()
    def double(x: ts.Tensor, depth: int = 1) -> ts.Tensor:
        """Twice."""
        return double(x, depth - 1) if depth else x * 2

    assert double(leaf(1)).requires_grad is want
    assert double.__doc__ == "Twice."
    assert ts.is_grad_enabled()


def test_mode_belongs_to_the_thread() -> None:
    import threading

    seen = []
    with ts.no_grad():
        thread = threading.Thread(target=lambda: seen.append(ts.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_leaves_and_requires_grad() -> None:
    x = leaf(1)
    y = x * 2
    assert (x.is_leaf, y.is_leaf, x.grad_fn is None, y.grad_fn is None) == (True, False, True, False)
    with pytest.raises(RuntimeError, match="detach"):
        y.requires_grad = False
    x.requires_grad = False
    assert not (x * 2).requires_grad
    with pytest.raises((ValueError, RuntimeError), match=r"\(2,\)"):
        x.grad = ts.ones(2)
    with pytest.raises((TypeError, RuntimeError), match="float64"):
        x.grad = ts.ones(1, dtype=ts.float64)


def test_writes_in_place() -> None:
    x = leaf(1, 2)
    with pytest.raises(RuntimeError, match="no_grad|in place|leaf"):
        x[0] = 5
    with pytest.raises(RuntimeError, match="no_grad|in place|leaf"):
        x.add_(1)
    with ts.no_grad():
        x[0] = 5
        x.add_(1)
    assert x.tolist() == [6, 3]


@pytest.mark.parametrize("write", [lambda b: b.__setitem__(0, 5.0), lambda b: b.add_(1), lambda b: b[1:].zero_()])
def test_saved_tensor_changed_in_place(write) -> None:
    a = leaf(1, 2)
    b = (a * 2).detach().requires_grad_()
    c = b * b
    with ts.no_grad():
        write(b)
    with pytest.raises(RuntimeError, match="in place"):
        c.sum().backward()


def test_hooks() -> None:
    x = leaf(1, 2)
    seen: list = []
    first = x.register_hook(lambda g: seen.append(g.tolist()))
    second = x.register_hook(lambda g: g * 10)
    (x * 3).sum().backward()
    assert seen == [[3, 3]]
    assert x.grad.tolist() == [30, 30]
    first.remove()
    second.remove()
    x.sum().backward()
    assert (len(seen), x.grad.tolist()) == (1, [31, 31])


def test_hook_of_a_result_sees_the_whole_gradient() -> None:
    x = leaf(1)
    y = x * 2
    seen: list = []
    y.register_hook(lambda g: seen.append(g.item()))
    y.register_hook(lambda g: g * 2)
    (y + y * 3).sum().backward()
    assert seen == [4]
    assert x.grad.tolist() == [16]


def test_error_in_a_hook_comes_out() -> None:
    x = leaf(1)

    def hook(g):
        raise KeyError("mine")

    y = x * 2
    y.register_hook(hook)
    with pytest.raises(KeyError, match="mine"):
        y.sum().backward()
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2]
    x.register_hook(lambda g: 3)
    with pytest.raises(TypeError, match="register_hook.*int"):
        x.sum().backward()


class Cube(ts.Function):
    @staticmethod
    def forward(ctx, x):
        assert not ts.is_grad_enabled()
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy * 3 * x * x


class SplitSum(ts.Function):
    """Several inputs and outputs, one of them not a tensor."""

    @staticmethod
    def forward(ctx, x, scale, y):
        ctx.scale = scale
        return (x + y) * scale, (x - y) * scale

    @staticmethod
    def backward(ctx, da, db):
        zero = ts.zeros(1)
        da, db = zero if da is None else da, zero if db is None else db
        return (da + db) * ctx.scale, None, (da - db) * ctx.scale


def test_function() -> None:
    x = leaf(2)
    y = Cube.apply(x * 1)
    assert y.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [12]
    with ts.no_grad():
        assert not Cube.apply(x).requires_grad


def test_function_with_several_results() -> None:
    x, y = leaf(2), leaf(3)
    a, b = SplitSum.apply(x, 10, y)
    assert (a.item(), b.item()) == (50, -10)
    (a + 2 * b).sum().backward()
    assert (x.grad.item(), y.grad.item()) == (30, -10)
    a, _ = SplitSum.apply(x, 10, y.detach())
    a.sum().backward()
    assert x.grad.item() == 40


def test_function_errors() -> None:
    class Wrong(ts.Function):
        result = None

        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, dy):
            if isinstance(Wrong.result, Exception):
                raise Wrong.result
            return Wrong.result

    for result, error, message in (
        (ts.ones(5), RuntimeError, r"Wrong.*\(1,\).*\(5,\)"),
        ((ts.ones(1), ts.ones(1)), RuntimeError, "Wrong.*1.*2"),
        (KeyError("mine"), KeyError, "mine"),
        ("text", TypeError, r"Wrong\.backward.*str"),
    ):
        Wrong.result = result
        with pytest.raises(error, match=message):
            Wrong.apply(leaf(1)).sum().backward()
    Wrong.result = None
    x = leaf(1)
    Wrong.apply(x).sum().backward()
    assert x.grad is None

    class Nothing(ts.Function):
        @staticmethod
        def forward(ctx, x):
            return None

    with pytest.raises(TypeError, match=r"Nothing\.forward.*None"):
        Nothing.apply(x)


def test_deep_graph() -> None:
    x = leaf(1)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.sum().backward()
    assert (x.grad.item(), y.item()) == (1, 100_001)


def test_deep_graph_is_freed_without_backward() -> None:
    before = allocated()
    y = x = leaf(1)
    for _ in range(100_000):
        y = y * 1
    del x, y
    assert allocated() == before


def test_wide_graph() -> None:
    x = leaf(1)
    total = x
    for _ in range(1000):
        total = total + x
    total.sum().backward()
    assert x.grad.item() == 1001


def test_memory_is_freed() -> None:
    before = allocated()
    for finish in (False, True):
        x = ts.ones(1000, requires_grad=True)
        y = (x * x).exp().sum()
        if finish:
            y.backward()
        del x, y
        assert allocated() == before
    x = ts.ones(1000, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    kept = allocated()
    x.grad = None
    del y
    assert allocated() < kept


def test_backward_frees_what_forward_saved() -> None:
    x = ts.ones(100_000, requires_grad=True)
    with ts.no_grad():
        saved = ts.ones(100_000)
    y = (x * saved).sum()
    del saved
    before = allocated()
    y.backward(retain_graph=True)
    assert allocated() >= before
    y.backward()
    x.grad = None
    assert allocated() <= before - 400_000, "the saved factor is gone although y is alive"


class Exp(ts.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        return dy * y


def test_function_that_saves_its_result_does_not_leak() -> None:
    x = leaf(0)
    y = Exp.apply(x)
    (y * 2).sum().backward()
    assert x.grad.tolist() == [2]
    del y
    before = allocated()
    for _ in range(10):
        Exp.apply(x)
    assert allocated() == before


def watched(function):
    """The function and whether it is still there."""
    return function, weakref.ref(function)


def test_hook_that_refers_to_its_tensor_does_not_leak() -> None:
    before = allocated()
    x = ts.ones(1000, requires_grad=True)
    x.register_hook(lambda g, x=x: g)
    y = x * 2
    y.register_hook(lambda g, y=y: g)
    del x, y
    allocated()  # y, whose tape holds x
    assert allocated() == before


@pytest.mark.parametrize("make", [lambda: leaf(1, 2), lambda: leaf(1, 2) * 2, lambda: ts.nn.Parameter(ts.ones(2))])
def test_hook_is_collected_with_its_tensor(make) -> None:
    x = make()
    hook, alive = watched(lambda g, x=x: None)
    x.register_hook(hook)
    assert hook in gc.get_referents(x)
    del hook
    gc.collect()
    assert alive() is not None
    del x
    gc.collect()
    assert alive() is None


def test_hook_on_a_tensor_that_the_tape_holds_is_kept() -> None:
    seen: list = []
    x = leaf(1, 2)
    y = x * 3
    hook, alive = watched(lambda g, y=y, x=x: seen.append(g.tolist()))
    y.register_hook(hook)
    x.register_hook(hook)
    z = (y * 2).sum()
    del x, y, hook
    gc.collect()
    z.backward(retain_graph=True)
    assert seen == [[2, 2], [6, 6]]
    gc.collect()
    assert alive() is not None
    z.backward()
    gc.collect()  # y
    gc.collect()  # x, which the tape held
    assert alive() is None


def test_hook_outlives_the_python_object() -> None:
    seen: list = []
    x = leaf(1, 2)
    y = x * 3
    y.register_hook(lambda g: seen.append(g.tolist()))
    z = y.sum()
    alive = weakref.ref(y)
    del y
    gc.collect()
    assert alive() is None
    z.backward()
    assert (seen, x.grad.tolist()) == ([[1, 1]], [3, 3])


def test_removed_hook_is_let_go_at_once() -> None:
    for x in (leaf(1), leaf(1) * 2):
        hook, alive = watched(lambda g: None)
        handle = x.register_hook(hook)
        handle.remove()
        handle.remove()
        del hook
        assert alive() is None


def test_hook_that_removes_itself_and_others() -> None:
    for x in (leaf(1), leaf(1) * 2):
        calls: list = []

        def hook(g, x=x, calls=calls):
            calls.append(g.item())
            for handle in handles:  # noqa: B023
                handle.remove()

        handles = [x.register_hook(hook) for _ in range(3)]
        x.sum().backward(retain_graph=True)
        assert len(calls) == 3
        x.sum().backward()
        assert len(calls) == 3


def test_removed_hook_may_remove_others_as_it_ends() -> None:
    class Removes:
        def __call__(self, g):
            return None

        def __del__(self):
            second.remove()

    x = leaf(1)
    first = x.register_hook(Removes().__call__)
    second = x.register_hook(lambda g: g * 10)
    first.remove()
    x.sum().backward()
    assert x.grad.tolist() == [1]


def test_collection_while_hooks_run() -> None:
    x = leaf(1)
    y = x * 2
    for t in (x, y):
        t.register_hook(lambda g, t=t: (gc.collect(), None)[1])
        t.register_hook(lambda g, t=t: g * 10)
    z = y.sum()
    kept = x
    del x, y, t
    z.backward()
    assert kept.grad.tolist() == [200]


def test_hook_of_a_model_that_keeps_its_loss_is_collected() -> None:
    class Model:
        def __init__(self) -> None:
            self.weight = leaf(1, 2)
            self.weight.register_hook(self.on_gradient)
            self.loss = (self.weight * self.weight).sum()
            self.loss.backward()

        def on_gradient(self, g):
            pass

    alive = weakref.ref(Model())
    gc.collect()
    assert alive() is None


def test_backward_frees_hooks_and_the_tape_below() -> None:
    x = ts.ones(100_000, requires_grad=True)
    y = x * 2
    hook, alive = watched(lambda g: None)
    y.register_hook(hook)
    z = y.sum()
    del hook
    before = allocated()
    z.backward()
    x.grad = None
    assert alive() is None
    del x, y
    assert allocated() <= before - 800_000, "neither x nor y is held by z"


class Keeps(ts.Function):
    """Holds its own result by other means than save_for_backward."""

    ended: list = []  # noqa: RUF012

    @staticmethod
    def forward(ctx, x):
        ctx.y = x.exp()
        ctx.saver = weakref.finalize(ctx, Keeps.ended.append, 1)
        ctx.saver.atexit = False
        return ctx.y

    @staticmethod
    def backward(ctx, dy):
        return dy * ctx.y.detach()


@pytest.mark.parametrize("walk", [False, True])
def test_function_that_keeps_its_result_does_not_leak(walk: bool) -> None:
    Keeps.ended.clear()
    x = leaf(0)
    y = Keeps.apply(x)
    gc.collect()
    assert not Keeps.ended
    if walk:
        y.sum().backward()
        assert x.grad.tolist() == [1]
    del y
    gc.collect()
    assert Keeps.ended == [1]


def test_module_that_keeps_its_hooked_result_does_not_leak() -> None:
    layer = ts.nn.Linear(2, 2)
    layer.register_full_backward_hook(lambda module, gi, go: None)
    layer.last = layer(ts.ones(1, 2))
    alive = weakref.ref(layer)
    del layer
    gc.collect()
    assert alive() is None


def test_plain_tensors_are_no_work_for_the_collector() -> None:
    x = leaf(1)
    assert not any(gc.is_tracked(t) for t in (x, x * 2, x.detach(), ts.ones(3)))
    x.register_hook(lambda g: g)
    assert gc.is_tracked(x)
    half_made = ts.Tensor.__new__(ts.Tensor)
    assert gc.get_referents(half_made) == [ts.Tensor]


def test_cycles_through_python_objects_are_collected() -> None:
    class Box:
        pass

    box = Box()
    box.x = ts.ones(1000, requires_grad=True)
    box.y = box.x * 2
    box.self = box
    alive = weakref.ref(box)
    before = allocated()
    del box
    assert allocated() < before
    assert alive() is None


def test_weak_references() -> None:
    x = ts.ones(1)
    alive = weakref.ref(x)
    assert alive() is x
    del x
    gc.collect()
    assert alive() is None


def test_leaf_gradients_of_a_whole_batch_of_dtypes() -> None:
    for dtype in (ts.float64, ts.float16, ts.bfloat16):
        x = ts.ones(3, dtype=dtype, requires_grad=True)
        (x * 2).sum().backward()
        assert x.grad.dtype is dtype
        np.testing.assert_array_equal(x.grad.float().numpy(), np.full(3, 2))


@pytest.mark.parametrize("op", ["conv2d", "linear", "matmul"])
def test_what_asks_for_a_gradient_after_the_forward_pass_gets_none(op: str) -> None:
    """What its gradient needs was not kept."""
    shapes = {"conv2d": ((1, 2, 5, 5), (3, 2, 3, 3)), "linear": ((4, 3), (2, 3)), "matmul": ((4, 3), (3, 2))}
    function = ts.matmul if op == "matmul" else getattr(ts.nn.functional, op)
    for early in (0, 1):
        pair = [ts.ones(shape) for shape in shapes[op]]
        pair[early].requires_grad_()
        y = function(*pair)
        pair[1 - early].requires_grad_()
        y.sum().backward()
        assert pair[early].grad is not None
        assert pair[1 - early].grad is None
