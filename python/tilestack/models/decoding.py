"""What decoder-only language models share: which tokens see which, their positions, and the loss of the next token."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import tilestack as ts
from tilestack import Tensor, nn
from tilestack.nn import functional as F

from .pretrained import Pretrained

Caches = Any  # one nn.KVCache for each layer, or None


def new_caches(layers: int, batch: int, heads: int, max_len: int, head_dim: int, like: Tensor) -> list[nn.KVCache]:
    """Empty caches for max_len tokens of each of `batch` sequences, in the dtype and on the device of `like`."""
    made: dict[str, Any] = {"dtype": like.dtype, "device": like.device}
    return [nn.KVCache(batch, heads, max_len, head_dim, **made) for _ in range(layers)]


class LanguageModel(Pretrained):
    """A net that predicts the next token. One with attention has `context`, `new_caches` and a `forward` that takes a mask
    and caches; another has `begin` and `go_on` of its own."""

    config: Any

    @property
    def context(self) -> int:
        """How many tokens it can see."""
        return sys.maxsize

    @property
    def vocab_size(self) -> int:
        return int(self.config.vocab_size)

    @property
    def eos_token_id(self) -> int | list[int] | None:
        """What ends a text, as the config says."""
        found: int | list[int] | None = self.config.eos_token_id
        return found

    def new_caches(self, batch: int, max_len: int | None = None) -> list[nn.KVCache]:
        raise NotImplementedError(f"{type(self).__name__} has no caches")

    def begin(self, rows: Sequence[Sequence[int]], room: int) -> tuple[Tensor, Any]:
        """Read rows of token ids. Returns the logits (rows, vocab_size) of what comes next, and what `go_on` needs to go on
        with them to at most `room` tokens."""
        from tilestack.text.padding import padded

        device = next(self.parameters()).device
        ids, counted = (x.to(device) for x in padded(rows, left=True))
        mask = counted if len(set(map(len, rows))) > 1 else None
        caches = self.new_caches(len(rows), room)
        return self(ids, mask, caches, logits_to_keep=1)[:, -1], (mask, caches)

    def go_on(self, tokens: Tensor, memory: Any) -> tuple[Tensor, Any]:
        """Read one more token of each row, (rows, 1) int64. Returns as `begin` does."""
        mask, caches = memory
        if mask is not None:
            mask = ts.cat([mask, ts.ones_like(tokens)], 1)
        return self(tokens, mask, caches, logits_to_keep=1)[:, -1], (mask, caches)

    def generate(self, prompts: Any, max_new_tokens: int = 128, **options: Any) -> Any:
        """The prompts with tokens that go on from them: `tilestack.text.generate`."""
        from tilestack import text

        return text.generate(self, prompts, max_new_tokens, **options)

    def stream(self, prompt: Sequence[int], max_new_tokens: int = 128, **options: Any) -> Iterator[int]:
        """The tokens that go on from the prompt, one by one: `tilestack.text.stream`."""
        from tilestack import text

        return text.stream(self, prompt, max_new_tokens, **options)


class Visible:
    """Which of the tokens so far each of the `new` last ones attends to, as scaled_dot_product_attention takes it, and
    the new tokens' positions.

    attention_mask: (batch, past + new), 0 or False for tokens that fill up a sequence, at its beginning or end; they
    count in no position.
    """

    def __init__(self, new: int, past: int, attention_mask: Tensor | None, device: Any) -> None:
        self.mask: Tensor | None = None
        self.is_causal = past == 0 and new > 1 and attention_mask is None
        self.positions = ts.arange(past, past + new, device=device)
        if attention_mask is not None:
            if attention_mask.shape[1] != past + new:
                raise ValueError(
                    f"attention_mask must have a column for each of {past} tokens before and {new} new ones, "
                    f"got shape {tuple(attention_mask.shape)}"
                )
            counted = attention_mask != 0
            self.mask = counted[:, None, None, :]
            self.positions = (counted.cumsum(-1) - 1).clamp(0)[:, past:]
        if new > 1 and not self.is_causal:
            every = ts.arange(past + new, device=device)
            earlier = every[None, :] <= every[past:, None]
            self.mask = earlier if self.mask is None else ts.logical_and(self.mask, earlier)


def next_token_loss(hidden: Tensor, weight: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of each label from the second on, given the hidden state before it; -100 does not count.

    hidden: (batch, tokens, width), weight: (vocabulary, width), labels: (batch, tokens) int64. The logits are never held
    whole.
    """
    return F.linear_cross_entropy(hidden[:, :-1].flatten(0, 1), weight, labels[:, 1:].flatten())
