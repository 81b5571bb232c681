"""One token for each character."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

FILE = "characters.json"


class Characters:
    """Ids for characters, after those of the special tokens.

    >>> tokenizer = ts.text.Characters("abc")
    >>> tokenizer.encode("cab")
    [2, 0, 1]
    >>> tokenizer.decode([1, 0])
    'ba'
    """

    def __init__(self, characters: Iterable[str], special: Sequence[str] = ()) -> None:
        self.characters = list(characters)
        self.special = list(special)
        tokens = [*self.special, *self.characters]
        self.ids = {token: i for i, token in enumerate(tokens)}
        if len(self.ids) != len(tokens) or any(len(character) != 1 for character in self.characters):
            raise ValueError("Characters: wanted single characters, each once, that are no special tokens")

    @classmethod
    def of(cls, text: str, special: Sequence[str] = ()) -> Characters:
        """All characters of a text, in the order of their code points."""
        return cls(sorted(set(text)), special)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Characters:
        """From the characters.json that `save` wrote."""
        try:
            values = json.loads(Path(path).read_text("utf-8"))
            return cls(values["characters"], values["special"])
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{os.fspath(path)}: not a list of characters") from None

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write characters.json."""
        from tilestack.io import atomic_write_text

        values = {"special": self.special, "characters": "".join(self.characters)}
        atomic_write_text(Path(folder) / FILE, json.dumps(values) + "\n")

    @property
    def vocab_size(self) -> int:
        return len(self.ids)

    @property
    def eos_id(self) -> int | None:
        return self.ids.get("<eos>") if "<eos>" in self.special else None

    def encode(self, text: str) -> list[int]:
        unknown = sorted(set(text) - self.ids.keys())
        if unknown:
            raise ValueError(f"encode: characters that are not in the vocabulary: {' '.join(map(repr, unknown[:10]))}")
        return [self.ids[character] for character in text]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids, without special tokens."""
        first = len(self.special)
        numbers = [int(i) for i in ids]
        wrong = next((i for i in numbers if not 0 <= i < self.vocab_size), None)
        if wrong is not None:
            raise ValueError(f"decode: there is no token {wrong}, ids are 0 to {self.vocab_size - 1}")
        return "".join(self.characters[i - first] for i in numbers if i >= first)
