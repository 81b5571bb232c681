"""BERT's tokens: words, and pieces of words that are not in the vocabulary (Wu et al., 2016; Devlin et al., 2018)."""

from __future__ import annotations

import functools
import os
import re
import string
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

FILE = "vocab.txt"
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LONGEST = 100  # characters of a word; longer ones are unknown
# Blocks of characters that are words by themselves.
IDEOGRAPHS = re.compile(
    "([\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002b73f\U0002b740-\U0002b81f"
    "\U0002b920-\U0002ceaf\U0002f800-\U0002fa1f])"
)


class WordPiece:
    """Text to ids as BERT's own code does it, [CLS] before and [SEP] after them.

    vocabulary: ids of tokens; those within a word begin with ##. lowercase: small letters without accents.
    """

    def __init__(self, vocabulary: Mapping[str, int], lowercase: bool = True) -> None:
        missing = [token for token in ("[UNK]", "[CLS]", "[SEP]") if token not in vocabulary]
        if missing:
            raise ValueError(f"WordPiece: the vocabulary has no {', '.join(missing)}")
        self.vocabulary = dict(vocabulary)
        self.lowercase = lowercase
        self.tokens = {i: token for token, i in self.vocabulary.items()}
        self._special = re.compile("(" + "|".join(map(re.escape, SPECIAL)) + ")")
        self._word = functools.lru_cache(1 << 16)(self._pieces)

    @classmethod
    def load(cls, path: str | os.PathLike[str], lowercase: bool = True) -> WordPiece:
        """From a vocab.txt: a token a line, in the order of their ids."""
        lines = Path(path).read_text("utf-8").split("\n")
        return cls({token.rstrip("\r"): i for i, token in enumerate(lines) if token}, lowercase)

    @property
    def vocab_size(self) -> int:
        return max(self.vocabulary.values()) + 1

    def encode(self, text: str) -> list[int]:
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str], max_length: int | None = None) -> list[list[int]]:
        """Ids of each text, cut to max_length of them; [CLS] and [SEP] stay."""
        first, last = self.vocabulary["[CLS]"], self.vocabulary["[SEP]"]
        most = None if max_length is None else max(0, max_length - 2)
        return [[first, *self._inner(text)[:most], last] for text in texts]

    def decode(self, ids: Iterable[int]) -> str:
        """Words between spaces; special tokens are left out."""
        numbers = [int(i) for i in ids]
        unknown = next((i for i in numbers if i not in self.tokens), None)
        if unknown is not None:
            raise ValueError(f"decode: there is no token {unknown}, ids are 0 to {self.vocab_size - 1}")
        tokens = (self.tokens[i] for i in numbers)
        return " ".join(token for token in tokens if token not in SPECIAL).replace(" ##", "")

    def _inner(self, text: str) -> list[int]:
        ids: list[int] = []
        for part in self._special.split(text):
            if part in SPECIAL:
                ids.append(self.vocabulary.get(part, self.vocabulary["[UNK]"]))
            else:
                for word in words(part, self.lowercase):
                    ids += self._word(word)
        return ids

    def _pieces(self, word: str) -> list[int]:
        """The longest piece that the vocabulary has, again and again; if there is none, the whole word is unknown."""
        unknown = [self.vocabulary["[UNK]"]]
        if len(word) > LONGEST:
            return unknown
        ids, start = [], 0
        while start < len(word):
            mark = "##" if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if mark + word[start:end] in self.vocabulary), None)
            if end is None:
                return unknown
            ids.append(self.vocabulary[mark + word[start:end]])
            start = end
        return ids


def words(text: str, lowercase: bool) -> list[str]:
    """Words and single punctuation marks of a text without control characters."""
    text = "".join(_clean(character) for character in text)
    text = IDEOGRAPHS.sub(r" \1 ", text)
    if lowercase:
        text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn").lower()
    return "".join(f" {c} " if _is_punctuation(c) else c for c in text).split()


def _clean(character: str) -> str:
    if character in "\t\n\r":
        return " "
    if character == "\ufffd" or unicodedata.category(character) in ("Cc", "Cf", "Co"):
        return ""
    return " " if character.isspace() else character


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character)[0] == "P"
