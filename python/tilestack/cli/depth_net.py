"""The nets of `tilestack depth`, and what becomes of one of them."""

from __future__ import annotations

import functools
import math
import time
from dataclasses import dataclass, field

import numpy as np

import tilestack as ts
from tilestack import Tensor, nn
from tilestack.data.mnist import load_mnist
from tilestack.diagnose import diagnose
from tilestack.diagnose.charts import thinned
from tilestack.nn import functional as F

MOMENTUM, CLIP = 0.9, 1.0
CURVE = 50  # points of a loss curve
EVERY = 20  # steps between looks whether the loss is still finite
NAIVE = 0.01


@dataclass(frozen=True)
class Recipe:
    """A row of the table. activation: "sigmoid" or "relu"; init: "naive", "xavier" or "he"."""

    activation: str
    init: str
    residual: bool = False
    norm: bool = False

    def __str__(self) -> str:
        activation = {"sigmoid": "sigmoid", "relu": "ReLU"}[self.activation]
        init = {"naive": "naive", "xavier": "Xavier", "he": "He"}[self.init]
        return f"{activation}, {init}" + ", residual" * self.residual + ", norm" * self.norm


PLAIN = [Recipe(activation, init) for activation in ("sigmoid", "relu") for init in ("naive", "xavier", "he")]
HELPED = [
    Recipe(activation, init, residual, norm)
    for activation, init in (("sigmoid", "xavier"), ("relu", "he"))
    for residual, norm in ((True, False), (False, True), (True, True))
]
RECIPES = [*PLAIN, *HELPED]


@dataclass(frozen=True)
class Settings:
    """What decides the result."""

    data: str | None
    steps: int
    width: int
    lr: float
    batch_size: int
    seed: int


@dataclass
class Cell:
    """A net of the table. gradients: norms for the layers' outputs before training, first layer first. losses: at `at`.

    verdict: of ts.diagnose before training. accuracy: on held-back images, after it.
    """

    recipe: Recipe
    depth: int
    accuracy: float = 0.0
    gradients: list[float] = field(default_factory=list)
    verdict: str = ""
    at: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def loss(self) -> float:
        return self.losses[-1] if self.losses else math.nan


class Hidden(nn.Module):
    """y = f(W x + b), of norm(x) with a norm, x + y with a residual connection."""

    def __init__(self, width: int, recipe: Recipe) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width) if recipe.norm else nn.Identity()
        self.linear = nn.Linear(width, width)
        self.activation = recipe.activation
        self.residual = recipe.residual

    def forward(self, x: Tensor) -> Tensor:
        y = self.linear(self.norm(x), self.activation)
        return x + y if self.residual else y


class Net(nn.Module):
    """`depth` linear layers, the last of which gives logits. x: (batch, inputs). Returns (batch, classes)."""

    def __init__(self, inputs: int, classes: int, depth: int, width: int, recipe: Recipe) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, width)
        self.activation = recipe.activation
        self.hidden = nn.Sequential(*(Hidden(width, recipe) for _ in range(depth - 2)))
        self.norm = nn.LayerNorm(width) if recipe.norm else nn.Identity()
        self.last = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.norm(self.hidden(self.first(x, self.activation))))


def build(inputs: int, classes: int, depth: int, width: int, recipe: Recipe) -> Net:
    """With new weights, drawn from the generator of `ts.manual_seed`."""
    net = Net(inputs, classes, depth, width, recipe)
    for module in net.modules():
        if isinstance(module, nn.Linear):
            _initialise(module.weight, recipe.init)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return net


def _initialise(weight: Tensor, init: str) -> None:
    if init == "naive":
        nn.init.normal_(weight, 0, NAIVE)
    elif init == "xavier":
        nn.init.xavier_normal_(weight)
    else:
        nn.init.kaiming_normal_(weight, nonlinearity="relu")


def run(recipe: Recipe, depth: int, settings: Settings) -> Cell:
    """Train a net, and say how it went."""
    start = time.perf_counter()
    images, labels, test_images, test_labels, classes = _tensors(settings.data)
    ts.manual_seed(settings.seed)
    net = build(images.shape[1], classes, depth, settings.width, recipe)
    cell = Cell(recipe, depth)
    _look(net, (images[: 2 * settings.batch_size], labels[: 2 * settings.batch_size]), cell)
    _train(net, images, labels, settings, cell)
    with ts.no_grad():
        cell.accuracy = (net(test_images).argmax(1) == test_labels).float().mean().item()
    cell.seconds = time.perf_counter() - start
    return cell


@functools.cache
def _tensors(data: str | None) -> tuple[Tensor, Tensor, Tensor, Tensor, int]:
    """Images, (n, 784) with mean 0 and variance 1, and labels, to train on and held back; the number of classes."""
    digits = load_mnist(data)
    mean, std = digits.train_images.mean(), digits.train_images.std()
    images, test_images = (
        ts.from_numpy(((part.reshape(len(part), -1) - mean) / std).astype(np.float32))
        for part in (digits.train_images, digits.test_images)
    )
    labels, test_labels = (ts.from_numpy(part.astype(np.int64)) for part in (digits.train_labels, digits.test_labels))
    return images, labels, test_images, test_labels, len(digits.classes)


def _look(net: Net, batch: tuple[Tensor, Tensor], cell: Cell) -> None:
    found = diagnose(net, batch)
    cell.verdict = found.findings[0]
    cell.gradients = [layer.gradient_norm for layer in found.depth]


def _train(net: Net, images: Tensor, labels: Tensor, settings: Settings, cell: Cell) -> None:
    parameters = list(net.parameters())
    optimizer = ts.optim.SGD(parameters, lr=settings.lr, momentum=MOMENTUM)
    order = np.random.default_rng(settings.seed).integers(0, len(images), (settings.steps, settings.batch_size))
    losses: list[Tensor] = []
    for step, chosen in enumerate(order, 1):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images[chosen]), labels[chosen])
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, CLIP)
        optimizer.step()
        losses.append(loss.detach())
        if step % EVERY == 0 and not math.isfinite(loss.item()):
            break
    cell.at, cell.losses = thinned([loss.item() for loss in losses], CURVE)
