"""The main job reaches its accuracy, and its result depends on the seed only."""

from __future__ import annotations

import numpy as np
import pytest

import tilestack as ts
from tilestack import cli
from tilestack.cli import classifier
from tilestack.data.mnist import load_mnist


def train(out, *options):
    before = ts.get_num_threads()
    try:
        assert cli.main(["train", "mnist", "--out", str(out), *map(str, options)]) == 0
    finally:
        ts.set_num_threads(before)
    return (out / "model.safetensors").read_bytes()


@pytest.mark.parametrize(("model", "least"), [("lenet", 0.96), ("mlp", 0.93)])
def test_the_defaults_reach_their_accuracy(tmp_path, model, least):
    train(tmp_path, "--model", model)
    data = load_mnist()
    net, config = classifier.load(tmp_path)
    chances = classifier.probabilities(net, config, data.test_images)
    assert np.allclose(chances.sum(1), 1, atol=1e-5)
    assert (chances.argmax(1) == data.test_labels).mean() >= least


@pytest.mark.parametrize("model", ["lenet", "mlp"])
def test_the_seed_decides_the_model_and_threads_do_not(tmp_path, model):
    options = ("--model", model, "--epochs", 1)
    one = train(tmp_path / "1", *options, "--threads", 1)
    assert train(tmp_path / "2", *options, "--threads", 2) == one
    assert train(tmp_path / "3", *options, "--threads", 3) == one
    assert train(tmp_path / "4", *options, "--seed", 1) != one
