"""GPT-2's tokens: byte pair encoding (Sennrich et al., 2015) on bytes (Radford et al., 2019)."""

from __future__ import annotations

import functools
import heapq
import itertools
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .splitting import words

FILES = (("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe"))
END_OF_TEXT = "<|endoftext|>"


def byte_letters() -> list[str]:
    """A printable character for each of the 256 bytes: its own where it has one, else one from U+0100 on."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = itertools.count(256)
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


LETTERS = byte_letters()
BYTES = {letter: byte for byte, letter in enumerate(LETTERS)}


class ByteLevelBPE:
    """Text to ids and back as GPT-2 does it; any text can be encoded.

    vocabulary: ids of tokens, which are spelled in one letter for each byte. merges: pairs of tokens, the first to be
    merged first. special: tokens that are looked for in the text as they stand.

    >>> tokenizer = ts.text.ByteLevelBPE.from_files("vocab.json", "merges.txt")  # doctest: +SKIP
    >>> tokenizer.encode("Hello world")  # doctest: +SKIP
    [15496, 995]
    """

    def __init__(
        self,
        vocabulary: Mapping[str, int],
        merges: Iterable[tuple[str, str]],
        special: Sequence[str] = (END_OF_TEXT,),
    ) -> None:
        self.vocabulary = dict(vocabulary)
        self.merges = [tuple(pair) for pair in merges]
        self.special = {token: self.vocabulary[token] for token in special if token in self.vocabulary}
        self.ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self.tokens = {i: token for token, i in self.vocabulary.items()}
        self._special = re.compile("(" + "|".join(map(re.escape, self.special)) + ")") if self.special else None
        self._word = functools.lru_cache(1 << 16)(self._encode_word)

    @classmethod
    def from_files(cls, vocabulary: str | os.PathLike[str], merges: str | os.PathLike[str]) -> ByteLevelBPE:
        """From vocab.json and merges.txt, which are also called encoder.json and vocab.bpe."""
        try:
            ids = json.loads(Path(vocabulary).read_text("utf-8"))
        except ValueError as error:
            raise ValueError(f"{os.fspath(vocabulary)}: not a vocabulary in JSON: {error}") from None
        if not isinstance(ids, dict) or not all(type(i) is int for i in ids.values()):
            raise ValueError(f"{os.fspath(vocabulary)}: not a vocabulary: wanted a JSON object of tokens and their ids")
        lines = Path(merges).read_text("utf-8").split("\n")
        pairs = [line.split(" ") for line in lines if line and not line.startswith("#version")]
        wrong = next((pair for pair in pairs if len(pair) != 2), None)
        if wrong is not None:
            raise ValueError(f"{os.fspath(merges)}: not a list of merges: {' '.join(wrong)!r} is no pair of tokens")
        return cls(ids, [(left, right) for left, right in pairs])

    @property
    def vocab_size(self) -> int:
        return max(self.vocabulary.values()) + 1

    @property
    def eos_id(self) -> int | None:
        """Of the token that ends a text."""
        return self.special.get(END_OF_TEXT)

    def encode(self, text: str) -> list[int]:
        """Ids of a text. Special tokens in it become their id."""
        ids: list[int] = []
        for part in self._special.split(text) if self._special else [text]:
            if part in self.special:
                ids.append(self.special[part])
            else:
                ids += itertools.chain.from_iterable(self._word(word) for word in words(part))
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; bytes that are no UTF-8 become U+FFFD."""
        return b"".join(self._bytes(int(i)) for i in ids).decode("utf-8", errors="replace")

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write vocab.json and merges.txt."""
        from tilestack.io import atomic_write_text

        vocabulary, merges = (Path(folder) / name for name in FILES[0])
        atomic_write_text(vocabulary, json.dumps(self.vocabulary, ensure_ascii=False))
        atomic_write_text(merges, "\n".join(["#version: 0.2", *(" ".join(pair) for pair in self.merges)]) + "\n")

    def _bytes(self, i: int) -> bytes:
        if i not in self.tokens:
            raise ValueError(f"decode: there is no token {i}, ids are 0 to {self.vocab_size - 1}")
        token = self.tokens[i]
        return token.encode() if token in self.special else bytes(BYTES[letter] for letter in token)

    def _encode_word(self, word: str) -> list[int]:
        pieces = self._merged([LETTERS[byte] for byte in word.encode("utf-8")])
        unknown = next((piece for piece in pieces if piece not in self.vocabulary), None)
        if unknown is not None:
            raise ValueError(f"encode: {unknown!r}, of {word!r}, is not in the vocabulary")
        return [self.vocabulary[piece] for piece in pieces]

    def _merged(self, pieces: list[str]) -> list[str]:
        """Merge the pair of lowest rank, leftmost first, until no neighbours are a pair. Quick for long words, too: a heap
        holds the pairs, a linked list the pieces."""
        following = [*range(1, len(pieces)), -1]
        before = list(range(-1, len(pieces) - 1))
        heap: list[tuple[int, int, str, str]] = []

        def offer(left: int, right: int) -> None:
            if left >= 0 and right >= 0 and (rank := self.ranks.get((pieces[left], pieces[right]))) is not None:
                heapq.heappush(heap, (rank, left, pieces[left], pieces[right]))

        for left, right in enumerate(following):
            offer(left, right)
        while heap:
            _, left, first, second = heapq.heappop(heap)
            right = following[left]
            if right < 0 or (pieces[left], pieces[right]) != (first, second):
                continue  # one of them has been merged since
            pieces[left], pieces[right] = first + second, ""
            following[left] = following[right]
            if following[right] >= 0:
                before[following[right]] = left
            offer(before[left], left)
            offer(left, following[left])
        return [piece for piece in pieces if piece]
