"""Wrong calls: the exception's type, that it names the op and shows what came, and that nothing breaks."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

import tilestack as ts
from tilestack import nn

F = nn.functional
ones, zeros, tensor = ts.ones, ts.zeros, ts.tensor
ints = ts.tensor([0, 1, 5])

# (call, exceptions, what the message holds, the op's name first)
WRONG = {
    "matmul": (lambda: ones(2, 3) @ ones(4, 5), ValueError, ("matmul", "(2, 3)", "(4, 5)")),
    "matmul batch": (lambda: ts.matmul(ones(2, 3, 4), ones(5, 4, 3)), ValueError, ("matmul", "(2, 3, 4)", "(5, 4, 3)")),
    "matmul scalar": (lambda: ts.matmul(ones(()), ones(3)), ValueError, ("matmul",)),
    "matmul dtypes": (lambda: ones(2, 2) @ ones(2, 2).double(), TypeError, ("matmul", "float32", "float64")),
    "linear": (lambda: F.linear(ones(8, 512), ones(3072, 768)), ValueError, ("linear", "(3072, 768)", "(8, 512)")),
    "linear bias": (lambda: F.linear(ones(8, 4), ones(3, 4), ones(4)), ValueError, ("linear", "bias", "4")),
    "add": (lambda: ones(2, 3) + ones(4), ValueError, ("add", "(2, 3)", "4")),
    "add string": (lambda: ones(2) + "1", TypeError, ()),
    "mul none": (lambda: ones(2) * None, TypeError, ()),
    "exp of no tensor": (lambda: ts.exp(1.0), TypeError, ("exp",)),
    "relu of none": (lambda: ts.relu(None), TypeError, ("relu",)),
    "where": (lambda: ts.where(ones(2) > 0, ones(3), ones(3)), ValueError, ("where", "2", "3")),
    "clamp": (lambda: ts.clamp(ones(2)), ValueError, ("clamp",)),
    "conv2d channels": (lambda: F.conv2d(ones(1, 4, 5, 5), ones(2, 3, 3, 3)), ValueError, ("conv2d", "(1, 4, 5, 5)", "(2, 3, 3, 3)")),
    "conv2d dims": (lambda: F.conv2d(ones(5, 5), ones(2, 3, 3, 3)), ValueError, ("conv2d", "(5, 5)")),
    "conv2d kernel": (lambda: F.conv2d(ones(1, 3, 2, 2), ones(2, 3, 3, 3)), ValueError, ("conv2d",)),
    "conv2d stride": (lambda: F.conv2d(ones(1, 3, 5, 5), ones(2, 3, 3, 3), stride=0), ValueError, ("conv2d", "stride")),
    "conv2d padding": (lambda: F.conv2d(ones(1, 3, 5, 5), ones(2, 3, 3, 3), padding=-1), ValueError, ("conv2d", "padding")),
    "conv2d dilation": (lambda: F.conv2d(ones(1, 3, 5, 5), ones(2, 3, 3, 3), dilation=0), ValueError, ("conv2d", "dilation")),
    "conv2d groups": (lambda: F.conv2d(ones(1, 4, 5, 5), ones(6, 2, 3, 3), groups=3), ValueError, ("conv2d", "groups")),
    "conv2d no groups": (lambda: F.conv2d(ones(1, 4, 5, 5), ones(6, 2, 3, 3), groups=0), ValueError, ("conv2d", "groups")),
    "conv2d bias": (lambda: F.conv2d(ones(1, 3, 5, 5), ones(2, 3, 3, 3), ones(3)), ValueError, ("conv2d", "bias")),
    "max_pool2d": (lambda: F.max_pool2d(ones(1, 1, 2, 2), 3), ValueError, ("max_pool2d", "(1, 1, 2, 2)")),
    "max_pool2d zero": (lambda: F.max_pool2d(ones(1, 1, 4, 4), 0), ValueError, ("max_pool2d",)),
    "max_pool2d padding": (lambda: F.max_pool2d(ones(1, 1, 4, 4), 2, padding=2), ValueError, ("max_pool2d", "padding")),
    "avg_pool2d dims": (lambda: F.avg_pool2d(ones(4, 4), 2), ValueError, ("avg_pool2d", "(4, 4)")),
    "layer_norm": (lambda: F.layer_norm(ones(2, 4), (3,)), ValueError, ("layer_norm", "(2, 4)", "3")),
    "layer_norm weight": (lambda: F.layer_norm(ones(2, 4), (4,), ones(3)), ValueError, ("layer_norm", "weight")),
    "batch_norm": (lambda: F.batch_norm(ones(2, 3, 4, 4), zeros(4), ones(4)), ValueError, ("batch_norm", "(2, 3, 4, 4)")),
    "embedding index": (lambda: F.embedding(ints, ones(5, 2)), IndexError, ("embedding", "5")),
    "embedding negative": (lambda: F.embedding(tensor([-1]), ones(5, 2)), IndexError, ("embedding", "-1")),
    "embedding float": (lambda: F.embedding(ones(2), ones(5, 2)), TypeError, ("embedding", "float32")),
    "cross_entropy index": (lambda: F.cross_entropy(ones(3, 5), ints), IndexError, ("cross_entropy", "5")),
    "cross_entropy shape": (lambda: F.cross_entropy(ones(4, 5), ints), ValueError, ("cross_entropy", "(4, 5)", "3")),
    "cross_entropy reduction": (lambda: F.cross_entropy(ones(3, 9), ints, reduction="avg"), ValueError, ("cross_entropy", "avg")),
    "nll_loss index": (lambda: F.nll_loss(ones(3, 5), ints), IndexError, ("nll_loss", "5")),
    "mse_loss": (lambda: F.mse_loss(ones(3, 1), ones(3)), ValueError, ("mse_loss", "(3, 1)", "3")),
    "l1_loss": (lambda: F.l1_loss(ones(3, 1), ones(3)), ValueError, ("l1_loss", "(3, 1)")),
    "cat shapes": (lambda: ts.cat([ones(2, 3), ones(2, 4)], 0), ValueError, ("cat", "(2, 3)", "(2, 4)")),
    "cat nothing": (lambda: ts.cat([]), ValueError, ("cat",)),
    "stack shapes": (lambda: ts.stack([ones(2), ones(3)]), ValueError, ("stack", "2", "3")),
    "softmax dim": (lambda: ts.softmax(ones(2, 3), 2), IndexError, ("softmax", "2")),
    "sum dim": (lambda: ones(2, 3).sum(5), IndexError, ("sum", "5")),
    "sum dim twice": (lambda: ones(2, 3).sum((0, -2)), ValueError, ("sum",)),
    "max of nothing": (lambda: zeros(0).max(), ValueError, ("max",)),
    "argmax of nothing": (lambda: zeros(2, 0).argmax(1), ValueError, ("argmax",)),
    "reshape": (lambda: ones(2, 3).reshape(4), ValueError, ("reshape", "(2, 3)", "4")),
    "reshape unknown": (lambda: ones(2, 3).reshape(-1, -1), ValueError, ("reshape", "-1")),
    "reshape indivisible": (lambda: ones(2, 3).reshape(-1, 4), ValueError, ("reshape", "(2, 3)")),
    "reshape of float": (lambda: ones(4).reshape(2.0, 2), TypeError, ("reshape",)),
    "view": (lambda: ones(2, 3).T.view(6), ValueError, ("view",)),
    "expand": (lambda: ones(2, 3).expand(4, 3), ValueError, ("expand", "(2, 3)", "(4, 3)")),
    "permute": (lambda: ones(2, 3).permute(0, 0), ValueError, ("permute",)),
    "permute few": (lambda: ones(2, 3).permute(0), ValueError, ("permute",)),
    "transpose": (lambda: ones(2, 3).transpose(0, 2), IndexError, ("transpose", "2")),
    "unsqueeze": (lambda: ones(2).unsqueeze(3), IndexError, ("unsqueeze", "3")),
    "split": (lambda: ones(5).split([1, 2]), ValueError, ("split", "5")),
    "dropout": (lambda: F.dropout(ones(2), 1.5), ValueError, ("dropout", "1.5")),
    "pad": (lambda: F.pad(ones(2, 3), (1, 1, 1)), ValueError, ("pad",)),
    "pad away": (lambda: F.pad(ones(2, 3), (-2, -2)), ValueError, ("pad",)),
    "negative size": (lambda: zeros(-1), ValueError, ("-1",)),
    "9 dimensions": (lambda: zeros((1,) * 9), ValueError, ("8",)),
    "9th by unsqueeze": (lambda: zeros((1,) * 8).unsqueeze(0), ValueError, ("8",)),
    "dtype": (lambda: zeros(2, dtype="float99"), TypeError, ("float99",)),
    "device": (lambda: zeros(2, device="tpu"), ValueError, ("device", "tpu")),
    "no gpu": (lambda: zeros(2, device="cuda:99"), RuntimeError, ("cuda",)),
    "ragged": (lambda: tensor([[1, 2], [3]]), ValueError, ()),
    "text": (lambda: tensor("abc"), (ValueError, TypeError), ()),
    "unknown argument": (lambda: ts.relu(ones(2), slope=1), TypeError, ("relu",)),
    "division by 0": (lambda: tensor([1]) // 0, (ZeroDivisionError, ValueError, RuntimeError), ("zero|0",)),
    "remainder by 0": (lambda: tensor([1]) % 0, (ZeroDivisionError, ValueError, RuntimeError), ("zero|0",)),
    "negative power": (lambda: tensor([2]) ** -1, (ValueError, RuntimeError), ("pow",)),
    "in place shape": (lambda: ones(3).add_(ones(2, 3)), ValueError, ("add", "3")),
    "in place dtype": (lambda: tensor([1]).add_(ones(1)), (TypeError, RuntimeError), ("add", "int64")),
    "seed": (lambda: ts.manual_seed("x"), TypeError, ()),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_call(name: str) -> None:
    call, exceptions, fragments = WRONG[name]
    with pytest.raises(exceptions) as caught:
        call()
    message = str(caught.value)
    for fragment in fragments:
        pattern = fragment if "|" in fragment else re.escape(fragment)
        assert re.search(pattern, message), f"{fragment!r} is not in: {message}"
    if fragments and fragments[0].isidentifier() and not isinstance(caught.value, TypeError):
        assert message.startswith(fragments[0]), f"the message does not begin with the op: {message}"


def test_module_path() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mlp = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(5, 4))

        def forward(self, x):
            return self.mlp(x)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([Block(), Block()])
            self.layers[0].mlp[2] = nn.Linear(6, 4)

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

    with pytest.raises(ValueError, match=r"^layers\.1\.mlp\.2: linear: .*\(4, 5\).*\(3, 6\)"):
        Net()(ones(3, 4))
    with pytest.raises(ValueError, match=r"linear: .*\(6, 4\).*\(3, 5\)"):
        nn.Linear(4, 6)(ones(3, 5))


def test_failed_calls_change_nothing() -> None:
    x = ts.arange(6).float().reshape(2, 3)
    for wrong in (
        lambda: x.add_(ones(4)),
        lambda: x.mul_(ones(5, 2, 3)),
        lambda: x.copy_(ones(7)),
        lambda: x.__setitem__(0, ones(2)),
    ):
        with pytest.raises(ValueError):
            wrong()
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]]
    before = ts.memory_stats()["allocated_bytes"]
    for call, exceptions, _ in WRONG.values():
        with pytest.raises(exceptions):
            call()
    assert ts.memory_stats()["allocated_bytes"] == before


def test_failed_backward_leaves_the_tape_usable() -> None:
    class Fails(ts.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, dy):
            raise ValueError("no gradient today")

    x = ts.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="today"):
        Fails.apply(x * 2).sum().backward()
    assert ts.is_grad_enabled()
    x.grad = None
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_sizes_that_overflow_are_refused() -> None:
    """Their product is 0 or small in 64 bits, so that memory would be too small for the shape."""
    for call in (
        lambda: zeros(1).expand(2**32, 2**32).contiguous(),
        lambda: zeros(2**32, 2**32),
        lambda: zeros(2**62, 4, dtype=ts.int8),
        lambda: ts.full((2**32, 2**31, 3), 1),
        lambda: zeros(1).reshape(2**32, 2**32, 1),
        lambda: zeros(0).reshape(2**32, 2**32),
        lambda: zeros(0).expand(2**32, 2**32, 0).sum(2),
        lambda: zeros(1).expand(2**32, 2**32),
        lambda: ts.empty_strided((2**32 + 1,), (2**32,)),
        lambda: ts.empty_strided((2**40, 2**40), (0, 0)),
    ):
        with pytest.raises((ValueError, MemoryError)):
            call()


def test_integer_extremes_do_not_crash() -> None:
    """Division of the least integer by -1 traps on x86."""
    code = """
import numpy as np, tilestack as ts
for dtype in (np.int8, np.int32, np.int64):
    least = ts.from_numpy(np.full(70, np.iinfo(dtype).min, dtype))
    minus = ts.from_numpy(np.full(70, -1, dtype))
    for op in (lambda a, b: a // b, lambda a, b: a % b, lambda a, b: -a, lambda a, b: abs(a), lambda a, b: a * b):
        op(least, minus).sum().item()
wild = ts.tensor([float("nan"), float("inf"), -float("inf"), 1e300, -1e300])
for dtype in (ts.int64, ts.int32, ts.int8, ts.uint8, ts.bool):
    wild.to(dtype).tolist()
print("done")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "done", (done.returncode, done.stderr)


FUZZ = """
import os, random, sys
import numpy as np
import tilestack as ts
log = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
rng = random.Random(int(sys.argv[2]))
AVOID = {"set_isa", "set_poison", "set_num_threads", "empty_cache", "backward"}
def argument():
    shapes = [(), (0,), (1,), (2, 3), (3, 2), (2, 0, 3), (1, 3, 4, 4), (2, 3, 5, 5), (3, 3, 3, 3), (1,) * 8]
    dtypes = [ts.float32, ts.float32, ts.float64, ts.bfloat16, ts.float16, ts.int64, ts.int32, ts.int8, ts.uint8, ts.bool]
    def tensor():
        x = ts.ones(*[rng.choice(shapes)], dtype=rng.choice(dtypes))
        if rng.random() < 0.3: x = x * (rng.choice([-1, 5, float("nan")]) if x.is_floating_point() else 3)
        if rng.random() < 0.3 and x.ndim: x = x.transpose(0, -1)
        if rng.random() < 0.3 and x.is_floating_point(): x = x.detach().requires_grad_()
        return x
    return rng.choice([tensor, tensor, tensor, lambda: rng.choice([-(2**63), -7, -1, 0, 1, 2, 3, 2**62]),
        lambda: rng.choice([0.5, -1.0, float("nan"), float("inf")]), lambda: rng.choice([None, True, False, "mean", "", ...]),
        lambda: tuple(rng.choice([-1, 0, 1, 2, 3]) for _ in range(rng.randrange(5))), lambda: [tensor() for _ in range(rng.randrange(3))],
        lambda: slice(-1, 2), lambda: rng.choice(dtypes), lambda: np.ones(3)])()
names = [(ts._core, n) for n in dir(ts._core) if not n.startswith("_")] + [(ts.Tensor, n) for n in dir(ts.Tensor) if callable(getattr(ts.Tensor, n))]
names = [(place, n) for place, n in names if n not in AVOID and callable(getattr(place, n)) and not isinstance(getattr(place, n), type)
         and n not in ("__class__", "__init_subclass__", "__subclasshook__", "__new__", "__init__", "__reduce__", "__reduce_ex__")]
calls = good = 0
for _ in range(int(sys.argv[3])):
    place, name = rng.choice(names)
    arguments = [argument() for _ in range(rng.choice([1, 1, 2, 2, 3, 4]))]
    say = lambda a: [say(b) for b in a] if isinstance(a, list) else (a.shape, a.stride(), a.dtype) if isinstance(a, ts.Tensor) else a
    os.pwrite(log, f"{name} {say(arguments)}\\n".encode().ljust(2000), 0)
    calls += 1
    try:
        y = getattr(place, name)(*arguments)
        if isinstance(y, ts.Tensor) and y.requires_grad and y.is_floating_point(): y.backward(ts.ones_like(y))
        good += 1
    except (TypeError, ValueError, IndexError, RuntimeError, MemoryError, ArithmeticError, AttributeError, BufferError, StopIteration) as e:
        if isinstance(e, RuntimeError) and type(e) is not RuntimeError: raise
    except SystemError: raise
print("done", calls, good)
"""


@pytest.mark.parametrize("seed", [0, 1])
def test_random_calls_do_not_crash(seed: int, tmp_path) -> None:
    log = tmp_path / "last"
    done = subprocess.run(
        [sys.executable, "-c", FUZZ, str(log), str(seed), "6000"], capture_output=True, text=True, timeout=120
    )
    last = log.read_text().strip() if log.exists() else ""
    assert done.stdout.startswith("done"), f"exit status {done.returncode} in {last}\n{done.stderr[-2000:]}"
    assert int(done.stdout.split()[2]) > 300, "too few calls were right to mean much"


def test_finite_inputs_only_give_what_numpy_gives_at_the_edges() -> None:
    wild = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 3e38, -3e38, 1e-45], np.float32)
    x = tensor(wild)
    with np.errstate(all="ignore"):
        for got, want in (
            (x + x, wild + wild),
            (x * x, wild * wild),
            (ts.exp(x), np.exp(wild)),
            (ts.sqrt(x), np.sqrt(wild)),
            (abs(x), abs(wild)),
        ):
            np.testing.assert_allclose(got.numpy(), want, rtol=1e-6)
