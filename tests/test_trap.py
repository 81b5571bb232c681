"""trap_nan: the op, the module and the pass that it names, what it lets through, and that it leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import tilestack as ts
from tilestack import nn

F = nn.functional
INFINITY, NAN = float("inf"), float("nan")


class Log(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: ts.Tensor) -> ts.Tensor:
        return ts.log(F.relu(self.fc(x)))


class Root(nn.Module):
    def forward(self, x: ts.Tensor) -> ts.Tensor:
        return ts.sqrt(F.relu(x))


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    ts.manual_seed(0)
    yield
    ts.trap_nan(False)


def message(run: Callable[[], Any]) -> str:
    with ts.trap_nan(), pytest.raises(FloatingPointError) as trapped:
        run()
    return str(trapped.value)


def test_forward_names_the_module_the_op_and_its_input() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Tanh(), Log()))
    x = ts.randn(3, 4)
    zeros = int((F.relu(model[1][1].fc(model[:1](x).tanh())) == 0).sum().item())
    said = message(lambda: model(x))
    assert said.startswith(f"1.1: log made {zeros} infinite of 12 values; input (3, 4) float32: 0 to ")


def test_forward_within_a_fused_pair() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(2, 2), nn.Sigmoid())
    with ts.no_grad():
        model[1].weight.fill_(3e38)
    assert message(lambda: model[:2](ts.ones(1, 2))).startswith("1: linear made 2 infinite of 2 values; input (1, 2)")
    with ts.no_grad():
        model[1].weight.fill_(NAN)
    said = message(lambda: model(ts.ones(1, 2)))
    assert said.startswith("1: fused_linear: weight has 4 NaN of 4 values already, which no op made")


def test_backward_names_the_module_of_the_forward_pass() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Flatten(), Root()), nn.Linear(4, 2))

    def run() -> None:
        model(ts.randn(3, 4)).sum().backward()

    said = message(run)
    assert said.startswith("1.1: sqrt (backward) made ")
    assert "; gradient (3, 4) float32: " in said
    assert "; forward it had input (3, 4) float32: 0 to " in said
    run()  # as it was


def test_backward_of_a_graph_made_before_the_trap() -> None:
    y = ts.zeros(3, requires_grad=True).sqrt().sum()
    assert message(y.backward).startswith("sqrt (backward) made 3 infinite of 3 values as gradient; gradient (3,)")


def test_a_gradient_that_is_given() -> None:
    x = ts.ones(2, requires_grad=True)
    assert "mul (backward) got 1 NaN of 2 values as gradient" in message(lambda: (x * 2).backward(ts.tensor([1, NAN])))


def test_gradients_that_overflow_as_they_add_up() -> None:
    x = ts.full((2,), 1e-10).requires_grad_()

    def run() -> None:
        y = x * 1
        (y * 3e38 + y * 3e38).sum().backward()

    assert "mul (backward) got 2 infinite of 2 values as gradient" in message(run)


@pytest.mark.parametrize(
    ("run", "start"),
    [
        (lambda: ts.ones(3) / 0, "div made 3 infinite of 3 values; self (3,) float32: 1 to 1, mean 1"),
        (
            lambda: ts.ones(3).double().mul_(1e308).mul_(10),
            "mul_ made 3 infinite of 3 values; self (3,) float64: 1e+308 to 1e+308, mean 1e+308",
        ),
        (lambda: ts.tensor([1, -1.0]).sqrt(), "sqrt made 1 NaN of 2 values"),
        (lambda: ts.tensor([INFINITY]) - ts.tensor([INFINITY]), "sub made 1 NaN of 1 values; self (1,)"),
        (lambda: ts.ones(2).half() * 60000 * 2, "mul made 2 infinite of 2 values; self (2,) float16: 6e+04"),
        (lambda: ts.softmax(ts.full((2, 3), -INFINITY), -1), "softmax made 6 NaN of 6 values"),
        (lambda: ts.tensor([1, NAN]) + 1, "add: self has 1 NaN of 2 values already"),
        (lambda: ts.cat([ts.ones(2), ts.tensor([NAN])]), "cat: tensors[1] has 1 NaN of 1 values already"),
    ],
)
def test_ops(run: Callable[[], Any], start: str) -> None:
    assert message(run).startswith(start)


def test_an_optimizer_step() -> None:
    weight = nn.Parameter(ts.ones(3))
    optimizer = ts.optim.SGD([weight], lr=1e38)
    weight.grad = ts.full((3,), 100.0)
    assert message(optimizer.step).startswith("sgd made 3 infinite of 3 values; params[0] (3,) float32: 1 to 1")


def test_an_op_written_in_python() -> None:
    class Broken(ts.Function):
        @staticmethod
        def forward(ctx: Any, x: ts.Tensor) -> ts.Tensor:
            return ts.from_numpy(x.numpy() * np.float32(INFINITY))

        @staticmethod
        def backward(ctx: Any, dy: ts.Tensor) -> ts.Tensor:
            return dy

    assert message(lambda: Broken.apply(ts.ones(2))).startswith("Broken made 2 infinite of 2 values; inputs[0] (2,)")


def test_a_checkpoint_computed_again() -> None:
    x = ts.tensor([1.0, 0.0], requires_grad=True)
    said = message(lambda: ts.checkpoint(ts.sqrt, x).sum().backward())
    assert said.startswith("sqrt (backward) made 1 infinite")


def test_what_passes() -> None:
    x = ts.randn(4, 4, requires_grad=True)
    with ts.trap_nan():
        mask = ts.full((4, 4), -INFINITY).triu(1)
        F.softmax(x + mask, -1).sum().backward()
        F.softmax(x.masked_fill(x > 0, -INFINITY).detach()[:, :0], -1)
        ts.where(x > 0, x, -INFINITY)
        ts.ones(3).fill_(INFINITY)
        ts.isnan(ts.tensor([1, NAN]))
        ts.nan_to_num(ts.tensor([1, NAN]))
        memory = ts.from_numpy(np.array([NAN, 1, 2], np.float32))
        memory[1:].detach().reshape(2, 1)
        memory[:1] = 0
        ts.empty_like(x)
        ts.ones(3, dtype=ts.int64) // 2
        assert (memory == ts.tensor([0.0, 1, 2])).all()
    assert x.grad is not None


def test_on_and_off() -> None:
    def infinite() -> None:
        ts.ones(1) / 0

    infinite()
    ts.trap_nan()
    with pytest.raises(FloatingPointError):
        infinite()
    with ts.trap_nan(False):
        infinite()
    with pytest.raises(FloatingPointError):
        infinite()
    ts.trap_nan(False)
    infinite()
    with ts.trap_nan(), ts.trap_nan():
        pass
    infinite()
    with pytest.raises(FloatingPointError), ts.trap_nan():
        infinite()
    infinite()


def test_results_are_the_same_while_it_is_on() -> None:
    def train() -> list[np.ndarray]:
        ts.manual_seed(3)
        model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.GELU(), nn.Flatten(), nn.Linear(8, 3))
        optimizer = ts.optim.AdamW(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            F.cross_entropy(F.dropout(model(ts.randn(5, 1, 4, 4))), ts.arange(5) % 3).backward()
            optimizer.step()
        return [x.numpy().copy() for x in model.state_dict().values()]

    plain = train()
    with ts.trap_nan():
        trapped = train()
    assert all(np.array_equal(a, b) for a, b in zip(plain, trapped, strict=True))


def test_errors_of_ops_stay_theirs() -> None:
    with ts.trap_nan():
        with pytest.raises(ValueError, match="matmul"):
            ts.matmul(ts.ones(2, 3), ts.ones(4, 5))
        with pytest.raises(TypeError):
            ts.relu("x")
        assert ts.ones(2).sum().item() == 2
