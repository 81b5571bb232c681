"""Sentence vectors, without the package tokenizers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tilestack as ts
from recipes import BERT
from tilestack import models, text

IDS = [[5, 6, 7], [8], [9, 10, 11, 12, 13, 14, 15, 16], [20, 21]]


@pytest.fixture(params=[models.SentenceEncoder, models.BertModel])
def model(request: Any) -> Any:
    ts.manual_seed(0)
    return request.param(models.BertConfig(**BERT))


def test_of_ids(model: Any) -> None:
    found = model.encode(IDS)
    assert found.shape == (4, 32)
    np.testing.assert_allclose((found * found).sum(-1).numpy(), 1, rtol=1e-5)
    for row, ids in zip(found.numpy(), IDS, strict=True):  # each as alone, and in its own place
        np.testing.assert_allclose(model.encode([ids]).numpy()[0], row, atol=1e-5)
    np.testing.assert_allclose(model.encode(IDS, batch_size=3).numpy(), found.numpy(), atol=1e-5)
    states = models.BertModel.forward(model.eval(), ts.tensor([IDS[2]])).mean(1)
    np.testing.assert_allclose((states / states.norm()).detach().numpy()[0], found.numpy()[2], atol=1e-5)


def test_of_texts(model: Any, tmp_path: Path) -> None:
    letters = text.Characters([chr(64 + i) for i in range(60)])
    words = ["ABC", "H", "a word", "XY"]
    words = [word.replace(" ", "_") for word in words]
    found = model.encode(words, tokenizer=letters)
    np.testing.assert_allclose(model.encode([letters.encode(w) for w in words]).numpy(), found.numpy())
    assert model.encode("ABC", tokenizer=letters).shape == (32,)
    with pytest.raises(ValueError, match="not loaded from a folder: give a tokenizer"):
        model.encode(words)
    model.save(tmp_path)
    letters.save(tmp_path)
    loaded = type(model).from_pretrained(tmp_path)
    np.testing.assert_allclose(loaded.encode(words).numpy(), found.numpy(), atol=1e-6)
    assert loaded.encode("A" * 100).shape == (32,)  # cut to the positions that there are
    (tmp_path / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 3}))
    np.testing.assert_allclose(loaded.encode("ABCDEF").numpy(), found.numpy()[0], atol=1e-6)


def test_the_mode_is_kept_and_none_is_no_error(model: Any) -> None:
    model.train()
    assert model.encode([]).shape == (0, 32)
    assert model.training
