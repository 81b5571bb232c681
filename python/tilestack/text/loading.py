"""Which tokenizer a folder has."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from . import bpe, characters, word_piece
from .bpe import ByteLevelBPE
from .characters import Characters
from .hub import HubTokenizer
from .word_piece import WordPiece

Tokenizer = Characters | ByteLevelBPE | WordPiece | HubTokenizer


def load_tokenizer(folder: str | os.PathLike[str]) -> Tokenizer:
    """The tokenizer of a model's folder: characters.json, tokenizer.json, vocab.json and merges.txt (encoder.json and
    vocab.bpe), or vocab.txt.

    A tokenizer.json of GPT-2's or BERT's kind is read here, others need the package `tokenizers` (ImportError). Raises
    FileNotFoundError if the folder has none of them, and ValueError for a damaged one.
    """
    place = Path(folder)
    if (place / characters.FILE).is_file():
        return Characters.load(place / characters.FILE)
    if (place / "tokenizer.json").is_file():
        return _known(place / "tokenizer.json") or HubTokenizer(place / "tokenizer.json")
    for vocabulary, merges in bpe.FILES:
        if (place / vocabulary).is_file() and (place / merges).is_file():
            return ByteLevelBPE.from_files(place / vocabulary, place / merges)
    if (place / word_piece.FILE).is_file():
        return WordPiece.load(place / word_piece.FILE, _lowercase(place / "tokenizer_config.json"))
    raise FileNotFoundError(
        f"{place}: no tokenizer in this folder (tokenizer.json, vocab.json and merges.txt, {word_piece.FILE} or "
        f"{characters.FILE}); token ids work without one"
    )


def _lowercase(config: Path) -> bool:
    return bool(json.loads(config.read_text("utf-8")).get("do_lower_case", True)) if config.is_file() else True


def _known(path: Path) -> ByteLevelBPE | WordPiece | None:
    """A tokenizer.json that is GPT-2's or BERT's in all that matters; None for others."""
    try:
        values = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: not a tokenizer: {error}") from None
    try:
        return _byte_level(values) or _word_piece(values)
    except (KeyError, TypeError, AttributeError, ValueError):
        return None


def _byte_level(values: dict[str, Any]) -> ByteLevelBPE | None:
    model, before = values["model"], values["pre_tokenizer"]
    plain = {"type": "ByteLevel", "add_prefix_space": False}
    if model["type"] != "BPE" or values.get("normalizer") or not _has(before, plain):
        return None
    if not before.get("use_regex", True) or _kind(values, "post_processor") not in (None, "ByteLevel"):
        return None
    if model.get("ignore_merges"):
        return None
    pairs = [pair.split(" ") if isinstance(pair, str) else pair for pair in model["merges"]]
    added = {token["content"]: token["id"] for token in values.get("added_tokens") or []}
    return ByteLevelBPE({**model["vocab"], **added}, [(left, right) for left, right in pairs], list(added))


def _word_piece(values: dict[str, Any]) -> WordPiece | None:
    model, before = values["model"], values["normalizer"]
    if [_kind(values, name) for name in ("normalizer", "pre_tokenizer")] != ["BertNormalizer", "BertPreTokenizer"]:
        return None
    if _kind(values, "post_processor") not in ("TemplateProcessing", "BertProcessing"):
        return None
    usual = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##"}
    if not _has(model, usual) or not _has(before, {"clean_text": True, "handle_chinese_chars": True}):
        return None
    if before["strip_accents"] not in (None, before["lowercase"]):
        return None
    if {token["content"] for token in values.get("added_tokens") or []} - set(word_piece.SPECIAL):
        return None
    return WordPiece(model["vocab"], before["lowercase"])


def _kind(values: dict[str, Any], name: str) -> str | None:
    return (values.get(name) or {}).get("type")


def _has(values: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(values.get(name) == value for name, value in wanted.items())
