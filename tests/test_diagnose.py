"""ts.diagnose: numbers against numpy, verdicts on nets that are known to be ill or well, and that nothing changes."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tilestack as ts
from test_cli import Page
from tilestack import models, nn

F = nn.functional
He = Callable[[ts.Tensor], Any]


def he(weight: ts.Tensor) -> None:
    nn.init.kaiming_normal_(weight, nonlinearity="relu")


def naive(weight: ts.Tensor) -> None:
    nn.init.normal_(weight, 0, 0.01)


def unit(weight: ts.Tensor) -> None:
    nn.init.normal_(weight, 0, 1)


def stack(depth: int, activation: type[nn.Module], init: He, norm: bool = False) -> nn.Sequential:
    ts.manual_seed(0)
    layers: list[nn.Module] = []
    for size in [20] + [32] * (depth - 2):
        layers += [nn.Linear(size, 32), *([nn.LayerNorm(32)] if norm else []), activation()]
    model = nn.Sequential(*layers, nn.Linear(32, 10))
    for module in model:
        if isinstance(module, nn.Linear):
            init(module.weight)
            nn.init.zeros_(module.bias)
    return model


def batch(samples: int = 64) -> tuple[ts.Tensor, ts.Tensor]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, 20)).astype(np.float32)
    return ts.from_numpy(x), ts.from_numpy(rng.integers(0, 10, samples))


class Functional(nn.Module):
    """Activations that are calls of functions and methods, and a module that is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2, self.out = nn.Linear(20, 16), nn.Linear(16, 16), nn.Linear(16, 10)

    def forward(self, x: ts.Tensor) -> ts.Tensor:
        x = F.relu(self.fc1(x))
        return self.out(self.fc2(self.fc2(x).sigmoid()).tanh())


def test_the_package_is_the_function_and_the_function_is_there() -> None:
    from tilestack.diagnose import Diagnosis, Report, diagnose

    assert ts.diagnose.diagnose is diagnose
    assert ts.diagnose.Report is Report
    assert isinstance(ts.diagnose(stack(3, nn.ReLU, he), batch()), Diagnosis)


def test_numbers() -> None:
    model, (x, target) = stack(3, nn.ReLU, he), batch()
    found = ts.diagnose(model, (x, target), lr=0.5)
    assert [layer.name for layer in found.layers] == ["0", "1", "2", "3", "4"]
    h = x.numpy() @ model[0].weight.detach().numpy().T
    y = np.maximum(h, 0)
    hidden = np.maximum(y @ model[2].weight.detach().numpy().T, 0)
    logits = hidden @ model[4].weight.detach().numpy().T
    p = np.exp(logits - logits.max(1, keepdims=True))
    d_logits = (p / p.sum(1, keepdims=True) - np.eye(10)[target.numpy()]) / 64
    d_hidden = d_logits @ model[4].weight.detach().numpy()
    first, act, last = found.layers[0], found.layers[1], found.layers[4]
    assert first.activation.std == pytest.approx(h.std(), rel=1e-5)
    assert first.activation.norm == pytest.approx(np.linalg.norm(h), rel=1e-5)
    assert first.activation.quantiles[2] == pytest.approx(np.median(h), abs=1e-6)
    assert sum(first.activation.histogram) == h.size
    assert act.activation.zeros == pytest.approx((y == 0).mean())
    assert act.dead == (y == 0).all(0).mean()
    assert last.gradient is not None
    assert last.gradient.norm == pytest.approx(np.linalg.norm(d_logits), rel=1e-5)
    assert found.layers[3].gradient is not None
    assert found.layers[3].gradient.norm == pytest.approx(np.linalg.norm(d_hidden), rel=1e-5)
    weight = found.weights[2]
    assert (weight.name, weight.scheme, found.weights[0].scheme) == ("4.weight", "Xavier", "He")
    assert weight.wanted == pytest.approx(math.sqrt(2 / 42))
    dw = np.linalg.norm(d_logits.T @ hidden)
    assert weight.gradient == pytest.approx(dw, rel=1e-5)
    assert weight.ratio == pytest.approx(0.5 * dw / np.linalg.norm(model[4].weight.detach().numpy()), rel=1e-5)
    assert found.chance == pytest.approx(math.log(10))
    assert found.loss == pytest.approx(F.cross_entropy(model(x), target).item(), rel=1e-6)


def verdict(model: nn.Module, **options: Any) -> str:
    return str(ts.diagnose(model, batch(), **options).verdict)


def test_vanishing() -> None:
    said = verdict(stack(50, nn.Sigmoid, nn.init.xavier_normal_))
    assert said.startswith("gradients shrink by 10^-3")
    assert (
        "from layer 50 (98) to layer 1 (0): vanishing; use ReLU with He initialisation, residual connections or" in said
    )
    said = verdict(stack(20, nn.ReLU, naive))
    assert "vanishing; use He initialisation (nn.init.kaiming_normal_), residual connections or normalisation" in said
    assert "times smaller than He's 0.316" in said
    assert "no gradient reaches layer " in verdict(stack(50, nn.ReLU, naive))


def test_exploding() -> None:
    said = verdict(stack(20, nn.ReLU, unit))
    assert said.startswith("gradients grow by 10^")
    assert "from layer 20 (38) to layer 1 (0): exploding; use smaller weights: He initialisation," in said
    assert "of equal chances: the model is sure and wrong" in said


def test_beyond_float32() -> None:
    said = ts.diagnose(stack(100, nn.ReLU, unit), batch()).findings
    assert len(said) == 1
    assert "has NaN or infinities: `with ts.trap_nan():` names the op" in said[0]


@pytest.mark.parametrize("norm", [False, True])
def test_well(norm: bool) -> None:
    found = ts.diagnose(stack(50 if norm else 10, nn.ReLU, he, norm), batch())
    assert found.healthy
    assert found.verdict.startswith("nothing is wrong: the gradient for layer 1 (0) is ")
    said = verdict(stack(10, nn.Tanh, naive, norm=True))
    assert "smaller" not in said  # the norms undo it


def test_saturated_and_dead_units() -> None:
    said = verdict(stack(4, nn.Tanh, unit))
    assert "saturated: over half of the outputs of 1, 3, 5 are where tanh is flat, worst " in said
    model = stack(4, nn.ReLU, he)
    with ts.no_grad():
        model[2].bias[:24].fill_(-100.0)
    found = ts.diagnose(model, batch())
    assert found.layers[3].dead >= 0.75  # type: ignore[operator]
    assert "dead ReLUs: most units of 3 let nothing through for any sample, worst 3 with " in found.verdict
    few = ts.diagnose(model, batch(4))
    assert "(4 samples are few to tell)" in few.verdict


def test_equal_weights() -> None:
    model = stack(3, nn.ReLU, he)
    nn.init.constant_(model[2].weight, 0.1)
    assert "all numbers of 2.weight are the same" in verdict(model)


def test_functions_as_activations() -> None:
    ts.manual_seed(0)
    found = ts.diagnose(Functional(), batch())
    names = ["fc1", "relu", "fc2", "sigmoid", "fc2 (call 2)", "tanh", "out"]
    assert [layer.name for layer in found.layers] == names
    assert found.layers[1].dead is not None
    assert found.layers[3].saturated is not None
    assert [weight.scheme for weight in found.weights] == ["He", "Xavier", "Xavier"]
    assert all(layer.gradient is not None for layer in found.layers)


def test_fused_activations_count_for_their_layer() -> None:
    class Fused(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.out = nn.Linear(20, 8), nn.Linear(8, 10)

        def forward(self, x: ts.Tensor) -> ts.Tensor:
            return self.out(self.fc(x, "relu"))

    layers = ts.diagnose(Fused(), batch()).layers
    assert [(layer.name, layer.function) for layer in layers] == [("fc", "relu"), ("out", "")]
    assert layers[0].dead is not None
    assert "Linear + relu" in str(ts.diagnose(Fused(), batch()))


def test_dead_channels_and_residuals() -> None:
    ts.manual_seed(0)
    conv = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 10))
    nn.init.constant_(conv[0].weight[:3].detach(), 0)
    nn.init.constant_(conv[0].bias[:3].detach(), -1)
    x, target = ts.randn(32, 1, 4, 4), ts.arange(32) % 10
    found = ts.diagnose(conv, (x, target))
    assert found.layers[1].dead == 0.75
    assert not found.residual
    assert ts.diagnose(models.resnet20(), (ts.randn(4, 3, 32, 32), ts.arange(4))).residual


def test_update_ratios_are_those_of_the_optimizers_step() -> None:
    model, (x, target) = stack(3, nn.ReLU, he), batch()
    optimizer = ts.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        F.cross_entropy(model(x), target).backward()
        optimizer.step()
    state = copy.deepcopy(optimizer.state_dict())
    found = ts.diagnose(model, (x, target), optimizer=optimizer)
    before = [p.detach().numpy().copy() for p in model.parameters()]
    for old, new in zip(_arrays(state), _arrays(optimizer.state_dict()), strict=True):
        np.testing.assert_array_equal(old, new)
    optimizer.zero_grad()
    F.cross_entropy(model(x), target).backward()
    optimizer.step()
    moved = [
        np.linalg.norm(p.detach().numpy() - old) / np.linalg.norm(old)
        for p, old in zip(model.parameters(), before, strict=True)
        if p.dim() > 1
    ]
    assert [weight.ratio for weight in found.weights] == pytest.approx(moved, rel=1e-4)
    large = ts.optim.SGD(model.parameters(), lr=1e4)
    assert "the learning rate is too large" in verdict(model, optimizer=large)
    assert "the learning rate is too small" in verdict(model, lr=1e-12)
    assert "gradient/weight" in str(ts.diagnose(model, batch()))


def _arrays(state: dict[str, Any]) -> list[np.ndarray]:
    return [np.asarray(x) for values in state["state"].values() for x in values.values()]


class Noisy(nn.Module):
    """Running statistics, random numbers, modes and hooks; fails when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.norm, self.drop = nn.Linear(20, 8), nn.BatchNorm1d(8), nn.Dropout(0.5)
        self.out = nn.Linear(8, 10)
        self.seen = 0
        self.fc.register_forward_hook(lambda *_: setattr(self, "seen", self.seen + 1))
        self.fails = False

    def forward(self, x: ts.Tensor) -> ts.Tensor:
        x = self.drop(self.norm(self.fc(x)))
        if self.fails:
            raise ValueError("told to")
        return self.out(x)


@pytest.mark.parametrize("fails", ["", "forward", "loss", "backward"])
def test_nothing_changes(fails: str) -> None:
    model, (x, target) = Noisy(), batch()
    optimizer = ts.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model.norm.eval()
    x.requires_grad = True
    F.cross_entropy(model(x), target).backward()
    gradients = {name: p.grad for name, p in model.named_parameters()}
    values = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    buffers = dict(model.named_buffers())
    kept, x_grad, state = [g.numpy().copy() for g in gradients.values()], x.grad, ts.get_rng_state()
    model.norm.train()
    model.fails = fails == "forward"

    def loss(output: ts.Tensor, target: ts.Tensor) -> ts.Tensor:
        if fails == "backward":
            output.register_hook(lambda _: 1 / 0)
        return output if fails == "loss" else F.cross_entropy(output, target)

    with ts.no_grad():
        if fails:
            with pytest.raises((ValueError, TypeError, ZeroDivisionError)):
                ts.diagnose(model, (x, target), loss, optimizer=optimizer)
        else:
            ts.diagnose(model, (x, target), loss, optimizer=optimizer)
        assert not ts.is_grad_enabled()
    assert ts.get_rng_state() == state
    assert {name: p.grad for name, p in model.named_parameters()} == gradients
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(kept, gradients.values(), strict=True))
    assert all(np.array_equal(values[name], value.numpy()) for name, value in model.state_dict().items())
    assert all(buffers[name] is buffer for name, buffer in model.named_buffers())
    assert x.grad is x_grad
    assert not optimizer.state
    assert model.norm.training
    assert [name for name, module in model.named_modules() if module._hooks] == ["fc"]
    assert len(model.fc._hooks.of("forward")) == 1  # type: ignore[union-attr]
    assert not ts.diagnose.watching._watches


@pytest.mark.parametrize(
    ("run", "error", "reason"),
    [
        (lambda m, x, y: ts.diagnose(m, x), TypeError, r"batch must be \(input, ..., target\), got a tensor of shape"),
        (lambda m, x, y: ts.diagnose(m, (x,)), TypeError, "got tuple of 1"),
        (lambda m, x, y: ts.diagnose(m, (x[:, :5], y)), ValueError, "^0: linear: weight"),
        (lambda m, x, y: ts.diagnose(m, (x, y), lambda a, b: a), TypeError, "the loss must be a tensor of one element"),
        (lambda m, x, y: ts.diagnose(m, (x, [1, 2])), TypeError, "pass loss="),
        (lambda m, x, y: ts.diagnose(m.requires_grad_(False), (x, y)), ValueError, "no parameter of the model asks"),
        (lambda m, x, y: ts.diagnose(m, (x, y), optimizer=ts.optim.SGD(m.parameters()), lr=1), ValueError, "not both"),
    ],
)
def test_errors(run: Callable[..., Any], error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        run(stack(3, nn.ReLU, he), *batch())


def test_arrays_other_losses_and_unused_parameters() -> None:
    model, (x, target) = Functional(), batch()
    model.spare = nn.Linear(3, 3)
    found = ts.diagnose(model, (x.numpy(), target.numpy()))
    assert "spare.weight, spare.bias got no gradient" in found.verdict
    squares = ts.diagnose(stack(3, nn.ReLU, he), (x, ts.randn(64, 10)))
    assert squares.chance is None
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)
    assert ts.diagnose(stack(3, nn.ReLU, he), (x, target), loss).loss > 0


def test_a_module_that_returns_its_parameter() -> None:
    class Constant(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(ts.ones(64, 10))

        def forward(self) -> ts.Tensor:
            return self.weight

    class Shifted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.shift = nn.Linear(20, 10), Constant()

        def forward(self, x: ts.Tensor) -> ts.Tensor:
            return self.fc(x) + self.shift()

    model = Shifted()
    assert [layer.name for layer in ts.diagnose(model, batch()).layers] == ["fc", "shift"]
    seen: list[ts.Tensor] = []
    handle = model.shift.weight.register_hook(seen.append)
    model(batch()[0]).sum().backward()
    assert len(seen) == 1
    handle.remove()


def test_language_models_and_recurrent_ones() -> None:
    ts.manual_seed(0)
    config = models.GPT2Config(vocab_size=50, n_positions=8, n_embd=16, n_layer=2, n_head=2)
    tokens = ts.randint(0, 50, (4, 8))
    found = ts.diagnose(models.GPT2LMHeadModel(config), (tokens, tokens))
    assert found.chance == pytest.approx(math.log(50))
    assert found.healthy, found.verdict
    assert found.residual
    lstm = models.RecurrentLM(50, 16)
    assert isinstance(
        str(ts.diagnose(lstm, (tokens, tokens), lambda y, t: F.cross_entropy(y[0].flatten(0, -2), t.flatten()))), str
    )


def test_within_a_trap() -> None:
    with ts.trap_nan():
        assert ts.diagnose(stack(3, nn.ReLU, he), batch()).healthy
        with pytest.raises(FloatingPointError, match="^2: linear made"):
            ts.diagnose(stack(3, nn.ReLU, lambda w: nn.init.constant_(w, 1e20)), batch())


def test_table_and_page(tmp_path: Path) -> None:
    found = ts.diagnose(stack(60, nn.Sigmoid, he), batch(), lr=0.1)
    text = str(found)
    assert "... 79 more ..." in text
    assert text.splitlines()[0].split()[:3] == ["layer", "kind", "output"]
    assert "update/weight" in text
    assert "% flat" in text
    assert "\n* gradients shrink by" in text
    assert found.table().count("\n") == 120
    found.save(tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text("utf-8")
    page = Page()
    page.feed(html)
    assert page.open == []
    assert page.sources == []
    assert "http" not in html
    assert page.tags.count("svg") == 2 + 2 * (page.tags.count("tr") - 1)
    for word in ("Verdict", "vanishing", "Gradient by layer", "Output by layer", "Layers"):
        assert word in page.text
