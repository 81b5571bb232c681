"""Every family of tilestack.models trained beside torch: the same source, weights and real data, step by step.

pytest -m peers
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tilestack as ts
from bench.ports import arrays, models_on_torch
from recipes import RECIPES, Recipe
from tilestack import models

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore::UserWarning")]  # of torch

STEPS, BATCHES = 20, 4


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    """torch's threads wait for each other by spinning, which takes minutes where cores are shared."""
    before = torch.get_num_threads(), ts.get_num_threads()
    torch.set_num_threads(1)
    ts.set_num_threads(1)
    yield
    torch.set_num_threads(before[0])
    ts.set_num_threads(before[1])


@pytest.fixture(scope="module")
def peers(tmp_path_factory: Any) -> Any:
    return models_on_torch(tmp_path_factory.mktemp("models"))


class Training:
    """A net and its optimizer in one of the libraries."""

    def __init__(self, library: Any, models: Any, recipe: Recipe, dtype: str) -> None:
        self.lib, self.recipe, self.dtype = library, recipe, dtype
        self.model = recipe.make(models).to(getattr(library, dtype))
        optimizer = getattr(library.optim, recipe.optimizer)
        self.optimizer = optimizer(self.model.parameters(), **recipe.options)

    def step(self, number: int) -> float:
        batch = [self.tensor(x) for x in self.recipe.batch(number % BATCHES)]
        self.optimizer.zero_grad()
        loss = self.recipe.loss(self.model, self.lib.nn.functional, *batch)
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def tensor(self, values: np.ndarray) -> Any:
        return self.lib.from_numpy(values.astype(self.dtype) if values.dtype.kind == "f" else values)

    def gradients(self) -> dict[str, np.ndarray]:
        return {name: p.grad.numpy().copy() for name, p in self.model.named_parameters()}


def train(peers: Any, recipe: Recipe, dtype: str, start: dict[str, np.ndarray] | None = None) -> Any:
    """Losses, the first step's gradients and the state at the end, here and in torch, from the same weights."""
    torch.manual_seed(0)
    here, there = Training(ts, models, recipe, dtype), Training(torch, peers, recipe, dtype)
    if start is not None:
        there.model.load_state_dict({name: torch.from_numpy(x.copy()) for name, x in start.items()})
    start = arrays(there.model.state_dict())
    assert list(start) == list(here.model.state_dict())
    here.model.load_state_dict(start)
    found = []
    for training in (here, there):
        losses = [training.step(0)]
        gradients = training.gradients()
        losses += [training.step(number) for number in range(1, STEPS)]
        found.append((np.array(losses), gradients, arrays(training.model.state_dict())))
    return (*found, start)


def losses_of_torch(peers: Any, recipe: Recipe, start: dict[str, np.ndarray]) -> np.ndarray:
    training = Training(torch, peers, recipe, "float32")
    training.model.load_state_dict({name: torch.from_numpy(x) for name, x in start.items()})
    return np.array([training.step(number) for number in range(STEPS)])


def rounded_otherwise(start: dict[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    """The same weights but for as much as rounding changes."""
    rng, eps = np.random.default_rng(seed), np.finfo(np.float32).eps
    return {
        name: (x * (1 + eps * rng.uniform(-1, 1, x.shape))).astype(x.dtype) if x.dtype.kind == "f" else x.copy()
        for name, x in start.items()
    }


@pytest.mark.parametrize("name", RECIPES)
def test_losses_fall_as_torchs_do(peers: Any, name: str) -> None:
    (losses, slopes, end), (losses64, slopes64, end64), start = train(peers, RECIPES[name], "float64")
    assert losses64[-BATCHES:].mean() < 0.99 * losses64[:BATCHES].mean()
    np.testing.assert_allclose(losses, losses64, rtol=1e-9)
    check_gradients(slopes, slopes64, 1e-9)
    for key in end64:  # running statistics, too
        if not vanishing(key):
            np.testing.assert_allclose(end[key], end64[key], rtol=1e-7, atol=1e-7, err_msg=key)

    # A float32 run strays from the float64 one by rounding that grows with the steps, and at once where it decides a
    # maximum of a pool or the side of a ReLU. Ours may stray as far as torch's runs do from weights that differ by
    # rounding, and 4 times that, since these are few draws.
    (losses, slopes, _), (losses32, slopes32, _), _ = train(peers, RECIPES[name], "float32", start)
    draws = [losses_of_torch(peers, RECIPES[name], rounded_otherwise(start, seed)) for seed in range(5)]
    strayed = np.maximum.accumulate(np.abs(np.array([losses32, *draws]) - losses64).max(0))
    assert (np.abs(losses - losses64) <= 4 * strayed + 8 * np.finfo(np.float32).eps * losses64).all()
    check_gradients(slopes, slopes64, 4 * furthest(slopes32, slopes64) + 1e-6)


def vanishing(name: str) -> bool:
    """Parameters on which the loss does not depend, so that their gradients are nothing but rounding: AdamW, which
    scales any gradient to its step, moves them at random. A bias of keys shifts all scores of a query alike."""
    return name.endswith(("key.bias", "k_proj.bias", "in_proj_bias"))


def check_gradients(slopes: dict[str, np.ndarray], wanted: dict[str, np.ndarray], tolerance: float) -> None:
    assert slopes.keys() == wanted.keys()
    assert furthest(slopes, wanted) <= tolerance


def furthest(slopes: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> float:
    """The largest difference, by the largest slope of that parameter; those of rounding only, by a millionth of all."""
    least = 1e-6 * max(np.abs(slope).max() for slope in wanted.values())
    return max(np.abs(slopes[key] - slope).max() / max(np.abs(slope).max(), least) for key, slope in wanted.items())
