"""Text that goes on from a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .generation import generate, stream
from .loading import Tokenizer, load_tokenizer

UNFINISHED = "\ufffd"  # what bytes become whose character is not whole yet


class Unrolled:
    """Text of tokens that come one by one. Characters and stop strings that may not be whole yet are held back.

    stop: strings that end the text; they are not part of it. `stopped` says whether one came.
    """

    def __init__(self, tokenizer: Tokenizer, before: Sequence[int], stop: Sequence[str] = ()) -> None:
        self.tokenizer = tokenizer
        self.stop = [text for text in stop if text]
        self.stopped = False
        self.recent = list(before[-8:])  # tokenizers spell a token by what is before it
        self.known = len(self.recent)  # of these, the tokens whose text is in `held` or given
        self.held = ""

    def add(self, token: int) -> str:
        """The text that is certain now."""
        self.recent.append(token)
        said = self.tokenizer.decode(self.recent[: self.known])
        text = self.tokenizer.decode(self.recent)
        if len(text) > len(said) and not text.endswith(UNFINISHED):
            self.held += text[len(said) :]
            self.recent = self.recent[max(0, self.known - 4) :]
            self.known = len(self.recent)
        return self._certain()

    def end(self) -> str:
        """The rest."""
        if self.stopped:
            return ""
        text = self.tokenizer.decode(self.recent)[len(self.tokenizer.decode(self.recent[: self.known])) :]
        self.held, rest = "", self.held + text
        return rest

    def _certain(self) -> str:
        found = [place for place in (self.held.find(text) for text in self.stop) if place >= 0]
        if found:
            self.stopped, certain, self.held = True, self.held[: min(found)], ""
            return certain
        kept = max((_overlap(self.held, text) for text in self.stop), default=0)
        certain, self.held = self.held[: len(self.held) - kept], self.held[len(self.held) - kept :]
        return certain


def _overlap(text: str, stop: str) -> int:
    """Characters at the end of text that may become `stop`."""
    return next((size for size in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:size])), 0)


def stream_text(
    model: Any,
    prompt: str,
    max_new_tokens: int = 128,
    *,
    tokenizer: Tokenizer | None = None,
    stop: Sequence[str] = (),
    **options: Any,
) -> Iterator[str]:
    """What the model says after the prompt, piece by piece. stop: strings at which it ends, without them. tokenizer: by
    default that of the folder from which the model came. options: of `generate`."""
    tokenizer = tokenizer or tokenizer_of(model)
    ids = tokenizer.encode(prompt)
    text = Unrolled(tokenizer, ids, stop)
    for token in stream(model, ids, max_new_tokens, **options):
        piece = text.add(token)
        if piece:
            yield piece
        if text.stopped:
            return
    rest = text.end()
    if rest:
        yield rest


def complete(
    model: Any,
    prompts: str | Sequence[str],
    max_new_tokens: int = 128,
    *,
    tokenizer: Tokenizer | None = None,
    stop: Sequence[str] = (),
    **options: Any,
) -> Any:
    """What the model says after one text, or after each of several, which are worked on together. Arguments as of
    `stream_text`."""
    tokenizer = tokenizer or tokenizer_of(model)
    if isinstance(prompts, str):
        return "".join(stream_text(model, prompts, max_new_tokens, tokenizer=tokenizer, stop=stop, **options))
    rows = [tokenizer.encode(prompt) for prompt in prompts]
    found = generate(model, rows, max_new_tokens, **options)
    return [_text(tokenizer, row, new[len(row) :], stop) for row, new in zip(rows, found, strict=True)]


def _text(tokenizer: Tokenizer, before: list[int], new: list[int], stop: Sequence[str]) -> str:
    text = Unrolled(tokenizer, before, stop)
    pieces = []
    for token in new:
        pieces.append(text.add(token))
        if text.stopped:
            break
    return "".join([*pieces, text.end()])


def tokenizer_of(model: Any) -> Tokenizer:
    """Of the folder from which the model came."""
    if model.folder is None:
        raise ValueError("the model was not loaded from a folder: give a tokenizer, or token ids")
    return load_tokenizer(model.folder)
