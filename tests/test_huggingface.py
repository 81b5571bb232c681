"""Folders that are written here read by Hugging Face's transformers, and the other way round: the same logits.

pytest -m peers
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tilestack as ts
from recipes import BERT, GPT2, LLAMA, windows
from tilestack import models

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]  # of its dependencies

LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
LLAMA3 |= {"original_max_position_embeddings": 16, "rope_theta": 500.0}
NETS: dict[str, tuple[Any, str]] = {
    "gpt2": (lambda: models.GPT2LMHeadModel(models.GPT2Config(**GPT2)), "GPT2LMHeadModel"),
    "gpt2 untied, erf": (
        lambda: models.GPT2LMHeadModel(
            models.GPT2Config(**GPT2, tie_word_embeddings=False, activation_function="gelu", n_inner=48)
        ),
        "GPT2LMHeadModel",
    ),
    "llama": (lambda: models.LlamaForCausalLM(models.LlamaConfig(**LLAMA)), "LlamaForCausalLM"),
    "llama tied, biases, scaled": (
        lambda: models.LlamaForCausalLM(
            models.LlamaConfig(
                **LLAMA,
                tie_word_embeddings=True,
                attention_bias=True,
                mlp_bias=True,
                rope_parameters=LLAMA3,
                head_dim=16,
            )
        ),
        "LlamaForCausalLM",
    ),
    "bert": (lambda: models.BertModel(models.BertConfig(**BERT)), "BertModel"),
    "masked": (lambda: models.BertForMaskedLM(models.BertConfig(**BERT)), "BertForMaskedLM"),
}


def outputs(peer: Any, ids: np.ndarray) -> np.ndarray:
    import torch

    with torch.no_grad():
        return np.asarray(peer.double().eval()(torch.from_numpy(ids))[0])


@pytest.mark.parametrize("name", NETS)
def test_there_and_back(name: str, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    make, peer_name = NETS[name]
    ts.manual_seed(0)
    model = make().eval()
    for parameter in model.parameters():  # biases too
        ts.nn.init.normal_(parameter, 0.0, 0.2)
    model.save(tmp_path / "ours")
    peer, told = getattr(transformers, peer_name).from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not told["missing_keys"]
    assert not told["unexpected_keys"]
    ids = windows(0, 2, 24)
    with ts.no_grad():
        found = model.double()(ts.from_numpy(ids)).numpy()
    wanted = outputs(peer, ids)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)

    peer.float().save_pretrained(tmp_path / "theirs")
    back = models.from_pretrained(tmp_path / "theirs")
    assert type(back) is type(model)
    with ts.no_grad():
        np.testing.assert_allclose(back.double()(ts.from_numpy(ids)).numpy(), found, rtol=1e-9, atol=1e-9)
    if hasattr(model, "generate"):
        import torch

        start = ids[:1, :5]
        options = {"max_new_tokens": 15, "do_sample": False, "pad_token_id": 0}
        spoken = peer.double().generate(torch.from_numpy(start), **options)
        assert model.generate(start, 15) == spoken.tolist()
