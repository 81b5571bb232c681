"""Small nets of every family with real data: what test_models.py trains here, and test_recipes.py beside torch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tilestack.data.mnist import load_mnist

Arrays = tuple[np.ndarray, ...]
TEXT = Path(__file__).with_name("coriolanus.txt")  # the beginning of Shakespeare's play
VOCABULARY = 64
LETTERS = {c: i + 3 for i, c in enumerate("abcdefghijklmnopqrstuvwxyz")}  # 0 fills up, 1 begins, 2 ends a word


@dataclass
class Recipe:
    """make(models) gives a net, batch(number) arrays of real data, loss(model, F, *batch) its loss."""

    make: Callable[[Any], Any]
    batch: Callable[[int], Arrays]
    loss: Callable[..., Any]
    optimizer: str = "SGD"
    options: dict[str, Any] = field(default_factory=lambda: {"lr": 0.02, "momentum": 0.9})


def classify(model: Any, F: Any, images: Any, labels: Any) -> Any:
    return F.cross_entropy(model(images), labels)


def segment(model: Any, F: Any, images: Any, ink: Any) -> Any:
    return F.binary_cross_entropy_with_logits(model(images), ink)


def predict(model: Any, F: Any, *batch: Any) -> Any:
    """The model's own loss."""
    return model.loss(*batch)


def pair(model: Any, F: Any, first: Any, second: Any) -> Any:
    """Each line of text is to be most similar to the one that follows it."""
    similarities = model(first, first != 0) @ model(second, second != 0).transpose(0, 1)
    own = (first[:, 0] * 0 + 1).cumsum(0) - 1  # 0, 1, ...: each line's number
    return F.cross_entropy(similarities * 20, own)


@functools.cache
def mnist() -> Any:
    return load_mnist()


def digits(number: int, size: int, channels: int, pixels: int) -> Arrays:
    """Photos of handwritten digits, each pixel repeated and cut or filled up to pixels x pixels."""
    data = mnist()
    rows = slice(number * size, (number + 1) * size)
    images = data.train_images[rows].astype(np.float64) / 255
    images = np.repeat(np.repeat(images, -(-pixels // 28), 1), -(-pixels // 28), 2)[:, :pixels, :pixels]
    return np.repeat(images[:, None], channels, 1), data.train_labels[rows].astype(np.int64)


def photos(size: int = 8, pixels: int = 32, channels: int = 3) -> Callable[[int], Arrays]:
    return lambda number: digits(number, size, channels, pixels)


def ink(number: int) -> Arrays:
    """Noisy digits, and where their ink is."""
    clean, _ = digits(number, 4, 1, 28)
    noise = np.random.default_rng(number).standard_normal(clean.shape)
    return clean + 0.3 * noise, (clean > 0.5).astype(np.float64)


@functools.cache
def characters() -> np.ndarray:
    text = TEXT.read_text()
    known = sorted(set(text))
    assert len(known) < VOCABULARY
    return np.array([known.index(c) + 1 for c in text])


def windows(number: int, size: int = 4, tokens: int = 24) -> np.ndarray:
    starts = np.random.default_rng(number).integers(0, len(characters()) - tokens, size)
    return characters()[starts[:, None] + np.arange(tokens)]


def text(number: int) -> Arrays:
    return (windows(number),)


def text_and_next(number: int) -> Arrays:
    rows = windows(number)
    return rows[:, :-1].copy(), rows[:, 1:].copy()


def masked(number: int) -> Arrays:
    """Text with some characters hidden by the last number of the vocabulary, and what they are; lines differ in length."""
    rows = windows(number, 6)
    rng = np.random.default_rng(number)
    present = np.arange(rows.shape[1]) < rng.integers(12, rows.shape[1] + 1, (len(rows), 1))
    hidden = present & (rng.random(rows.shape) < 0.3)
    labels = np.where(hidden, rows, -100)
    return np.where(hidden, VOCABULARY - 1, rows * present), labels, present.astype(np.int64)


def filled(rows: list[list[int]]) -> np.ndarray:
    return np.array([row + [0] * (max(map(len, rows)) - len(row)) for row in rows])


@functools.cache
def words() -> list[list[int]]:
    kept = "".join(c if c in LETTERS else " " for c in TEXT.read_text().lower()).split()
    return [[LETTERS[c] for c in word] for word in kept]


def reversals(number: int) -> Arrays:
    """Words, and their letters from the last to the first."""
    picked = words()[number * 8 : number * 8 + 8]
    return filled(picked), filled([[1, *word[::-1], 2] for word in picked])


def neighbours(number: int) -> Arrays:
    """Runs of letters of a word, and the next words'."""
    picked = words()[number * 8 : number * 8 + 9]
    return filled(picked[:-1]), filled(picked[1:])


ADAMW = {"optimizer": "AdamW", "options": {"lr": 3e-3, "weight_decay": 0.01}}
GPT2 = {"vocab_size": VOCABULARY, "n_positions": 32, "n_embd": 32, "n_layer": 2, "n_head": 4}
GPT2 |= {"embd_pdrop": 0.0, "attn_pdrop": 0.0, "resid_pdrop": 0.0}
LLAMA = {"vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
LLAMA |= {"num_attention_heads": 4, "num_key_value_heads": 2}
BERT = {"vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
BERT |= {"intermediate_size": 64, "max_position_embeddings": 32}
BERT |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
SEQ2SEQ = {"d_model": 32, "nhead": 4, "num_encoder_layers": 2, "num_decoder_layers": 2, "dim_feedforward": 64}

RECIPES = {
    "mlp": Recipe(lambda m: m.MLP((784, 32, 16, 10)), photos(16, 28, 1), classify),
    "lenet": Recipe(lambda m: m.LeNet(), photos(16, 28, 1), classify),
    "alexnet": Recipe(lambda m: m.AlexNet(10, 0.0, hidden=32), photos(2, 64), classify),
    "alexnet2012": Recipe(
        lambda m: m.AlexNet2012(10, 0.0, hidden=32), photos(2, 64), classify, options={"lr": 1e-3, "momentum": 0.9}
    ),
    "vgg": Recipe(lambda m: m.VGG([[8], [12], [16] * 2], False, 10, 0.0, hidden=32), photos(), classify),
    "vgg_bn": Recipe(lambda m: m.VGG([[8], [12], [16] * 2], True, 10, 0.0, hidden=32), photos(), classify),
    "resnet": Recipe(lambda m: m.resnet18(num_classes=10, width=8), photos(8, 48), classify),
    "resnet_bottleneck": Recipe(
        lambda m: m.ResNet(m.resnet.Bottleneck, (1, 1, 1, 1), 10, width=8), photos(8, 48), classify
    ),
    "resnet_cifar": Recipe(lambda m: m.CifarResNet(2, width=8), photos(), classify),
    "resnet_cifar_b": Recipe(lambda m: m.CifarResNet(1, width=8, shortcut="projection"), photos(), classify),
    # Its slopes explode through so many norms of few values: with larger steps, torch from weights that differ by 1e-15
    # has other losses after ten of them.
    "efficientnet": Recipe(
        lambda m: m.EfficientNetLite(0.25, 0.5, 10, 0.0, 0.0), photos(6, 50), classify, options={"lr": 1e-5}
    ),
    "squeezenet": Recipe(lambda m: m.squeezenet1_1(num_classes=10, dropout=0.0), photos(3, 48), classify),
    "unet": Recipe(lambda m: m.UNet(1, 1, width=4), ink, segment),
    "unet_bilinear": Recipe(lambda m: m.UNet(1, 1, bilinear=True, width=4), ink, segment),
    "lstm": Recipe(lambda m: m.RecurrentLM(VOCABULARY, 24, 32, dropout=0.0), text_and_next, predict, **ADAMW),
    "gru": Recipe(lambda m: m.RecurrentLM(VOCABULARY, 24, 32, 2, 0.0, "GRU"), text_and_next, predict, **ADAMW),
    "rnn_tied": Recipe(
        lambda m: m.RecurrentLM(VOCABULARY, 24, 24, 1, 0.0, "RNN", tied=True), text_and_next, predict, **ADAMW
    ),
    "transformer": Recipe(lambda m: m.Seq2SeqTransformer(32, 32, dropout=0.0, **SEQ2SEQ), reversals, predict, **ADAMW),
    "transformer_shared": Recipe(
        lambda m: m.Seq2SeqTransformer(32, 32, dropout=0.0, norm_first=True, shared=True, **SEQ2SEQ),
        reversals,
        predict,
        **ADAMW,
    ),
    "bert": Recipe(lambda m: m.BertForMaskedLM(m.BertConfig(**BERT)), masked, predict, **ADAMW),
    "sentences": Recipe(lambda m: m.SentenceEncoder(m.BertConfig(**BERT), False), neighbours, pair, **ADAMW),
    "gpt2": Recipe(lambda m: m.GPT2LMHeadModel(m.GPT2Config(**GPT2)), text, predict, **ADAMW),
    "llama": Recipe(lambda m: m.LlamaForCausalLM(m.LlamaConfig(**LLAMA)), text, predict, **ADAMW),
    "llama_tied": Recipe(
        lambda m: m.LlamaForCausalLM(m.LlamaConfig(**LLAMA, attention_bias=True, tie_word_embeddings=True)),
        text,
        predict,
        **ADAMW,
    ),
}
