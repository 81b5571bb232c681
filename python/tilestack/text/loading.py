"""Which tokenizer a folder has."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from . import bpe, characters
from .bpe import ByteLevelBPE
from .characters import Characters
from .hub import HubTokenizer

Tokenizer = Characters | ByteLevelBPE | HubTokenizer


def load_tokenizer(folder: str | os.PathLike[str]) -> Tokenizer:
    """The tokenizer of a model's folder: characters.json, tokenizer.json, or vocab.json and merges.txt (encoder.json and
    vocab.bpe).

    A tokenizer.json of GPT-2's kind is read here, others need the package `tokenizers` (ImportError). Raises
    FileNotFoundError if the folder has none of them, and ValueError for a damaged one.
    """
    place = Path(folder)
    if (place / characters.FILE).is_file():
        return Characters.load(place / characters.FILE)
    if (place / "tokenizer.json").is_file():
        return _byte_level(place / "tokenizer.json") or HubTokenizer(place / "tokenizer.json")
    for vocabulary, merges in bpe.FILES:
        if (place / vocabulary).is_file() and (place / merges).is_file():
            return ByteLevelBPE.from_files(place / vocabulary, place / merges)
    raise FileNotFoundError(
        f"{place}: no tokenizer in this folder (tokenizer.json, vocab.json and merges.txt, or {characters.FILE}); token "
        "ids work without one"
    )


def _byte_level(path: Path) -> ByteLevelBPE | None:
    """A tokenizer.json that is GPT-2's in all that matters; None for others."""
    try:
        values = json.loads(path.read_text("utf-8"))
        model, before = values["model"], values["pre_tokenizer"]
        plain = {"type": "ByteLevel", "add_prefix_space": False}
        if model["type"] != "BPE" or values.get("normalizer") or plain.items() - before.items():
            return None
        if (
            not before.get("use_regex", True)
            or _adds_tokens(values.get("post_processor"))
            or model.get("ignore_merges")
        ):
            return None
        pairs = [pair.split(" ") if isinstance(pair, str) else pair for pair in model["merges"]]
        special = [token["content"] for token in values.get("added_tokens") or []]
        ids = {**model["vocab"], **{token["content"]: token["id"] for token in values.get("added_tokens") or []}}
        return ByteLevelBPE(ids, [(left, right) for left, right in pairs], special)
    except (KeyError, TypeError, AttributeError):
        return None
    except ValueError as error:
        raise ValueError(f"{path}: not a tokenizer: {error}") from None


def _adds_tokens(post_processor: dict[str, Any] | None) -> bool:
    return post_processor is not None and post_processor["type"] != "ByteLevel"
