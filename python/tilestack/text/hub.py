"""tokenizer.json, through the `tokenizers` package."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Sequence
from typing import Any


class HubTokenizer:
    """A tokenizer.json of Hugging Face. ImportError without the package `tokenizers`, which says how to get it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            package = importlib.import_module("tokenizers")
        except ImportError:
            raise ImportError(
                f"{os.fspath(path)} needs the package tokenizers: pip install tokenizers; token ids work without it"
            ) from None
        try:
            self.tokenizer: Any = package.Tokenizer.from_file(os.fspath(path))
        except Exception as error:  # the package has no class for its errors
            raise ValueError(f"{os.fspath(path)}: not a tokenizer: {error}") from None
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()

    @property
    def vocab_size(self) -> int:
        return int(self.tokenizer.get_vocab_size())

    def encode(self, text: str) -> list[int]:
        """Ids, with the special tokens that belong around a text."""
        return list(self.tokenizer.encode(text).ids)

    def encode_batch(self, texts: Sequence[str], max_length: int) -> list[list[int]]:
        """As encode, each cut to max_length ids; the special tokens stay."""
        self.tokenizer.enable_truncation(max_length)
        try:
            return [list(found.ids) for found in self.tokenizer.encode_batch(list(texts))]
        finally:
            self.tokenizer.no_truncation()

    def decode(self, ids: Iterable[int]) -> str:
        return str(self.tokenizer.decode([int(i) for i in ids]))
