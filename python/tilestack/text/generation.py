"""Token ids that go on from prompts, of which each token is read once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

import tilestack as ts
from tilestack._core import Tensor

from .padding import padded
from .sampling import Sampling


def generate(
    model: Any,
    prompts: Any,
    max_new_tokens: int = 128,
    *,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    repetition_penalty: float = 1.0,
    eos_id: int | Collection[int] | None = None,
    seed: int | None = None,
    crop: bool = False,
) -> Any:
    """Prompts and what the model says after them.

    model: a GPT2LMHeadModel, LlamaForCausalLM or RecurrentLM. prompts: token ids, of one sequence or of several that may differ in
    length; lists, arrays or a tensor (tokens) or (batch, tokens). Returns lists likewise; for a tensor a tensor, whose
    rows are filled up with the id that ends them. What a row becomes does not depend on the others.

    temperature 0 takes the likeliest token; see `Sampling` for it and top_k, top_p, repetition_penalty. eos_id: ends a
    sequence, by default that of generation_config.json beside the weights, or of the model's config. seed: row i draws with
    seed + i; by default it comes from the generator of `ts.manual_seed`. A prompt longer than the model's context is an error, or, with crop, loses its
    beginning. Where a sequence outgrows the context, the model goes on from the latter half of it.
    """
    sampling = Sampling(temperature, top_k, top_p, repetition_penalty)
    rows, single = _rows(prompts)
    decoder = Decoder(model, rows, max_new_tokens, sampling, _ends(model, eos_id), seed, crop)
    for _ in decoder:
        pass
    if isinstance(prompts, Tensor):
        found = padded(decoder.rows, left=False, fill=max(decoder.ends, default=0))[0]
        return (found[0] if single else found).to(prompts.device)
    return decoder.rows[0] if single else decoder.rows


def stream(
    model: Any,
    prompt: Sequence[int],
    max_new_tokens: int = 128,
    *,
    eos_id: int | Collection[int] | None = None,
    seed: int | None = None,
    crop: bool = False,
    **sampling: Any,
) -> Iterator[int]:
    """The new tokens of one prompt, each as soon as it is there; arguments as of `generate`."""
    rows, single = _rows(prompt)
    if not single:
        raise ValueError(f"stream: wanted the ids of one prompt, got {len(rows)} prompts")
    decoder = Decoder(model, rows, max_new_tokens, Sampling(**sampling), _ends(model, eos_id), seed, crop)
    for (token,) in decoder:
        if token is not None:
            yield token


class Decoder:
    """Iterating over it appends a token to each row that is not at its end, and yields them, None for those that are."""

    def __init__(
        self,
        model: Any,
        rows: list[list[int]],
        max_new_tokens: int,
        sampling: Sampling,
        ends: Collection[int] = (),
        seed: int | None = None,
        crop: bool = False,
    ) -> None:
        if max_new_tokens < 0:
            raise ValueError(f"generate: max_new_tokens must be at least 0, got {max_new_tokens}")
        self.model, self.sampling, self.ends = model, sampling, ends
        self.rows = [list(row) for row in rows]
        self.left = max_new_tokens
        self.starts = [_start(row, model.context, crop) for row in rows]  # of what the model sees of each row
        seed = int(ts.randint(0, 2**31 - 1, (1,)).item()) if seed is None else seed
        self.random = [np.random.default_rng(seed + i) for i in range(len(rows))]
        self.ended = [False] * len(rows)
        longest = max((len(row) - start for row, start in zip(rows, self.starts, strict=True)), default=0)
        self.width = min(model.context, longest + max_new_tokens)
        self.device = next(model.parameters()).device
        self.memory: Any = None  # of the model, of what it has read

    def __iter__(self) -> Iterator[list[int | None]]:
        from tilestack.train.evaluate import in_evaluation

        for _ in range(self.left):
            if all(self.ended):
                return
            with in_evaluation(self.model), ts.no_grad():
                logits = self._logits().float().to("cpu").numpy()
            yield [self._extend(i, row) for i, row in enumerate(logits)]

    def _extend(self, i: int, logits: np.ndarray) -> int | None:
        if self.ended[i]:
            return None
        token = self.sampling.choose(logits, self.rows[i], self.random[i])
        self.rows[i].append(token)
        self.ended[i] = token in self.ends
        return token

    def _logits(self) -> Tensor:
        """Of the token after each row: (rows, vocabulary)."""
        seen = [len(row) - start for row, start in zip(self.rows, self.starts, strict=True)]
        if self.memory is None or max(seen) > self.model.context:
            logits, self.memory = self.model.begin(self._seen(), self.width)
        else:
            last = ts.tensor([[row[-1]] for row in self.rows]).to(self.device)
            logits, self.memory = self.model.go_on(last, self.memory)
        found: Tensor = logits
        return found

    def _seen(self) -> list[list[int]]:
        """The rows from their starts on; those that are longer than the context start anew at half of it."""
        context = self.model.context
        self.starts = [
            len(row) - context // 2 if len(row) - start > context else start
            for row, start in zip(self.rows, self.starts, strict=True)
        ]
        return [row[start:] for row, start in zip(self.rows, self.starts, strict=True)]


def _start(row: Sequence[int], context: int, crop: bool) -> int:
    if not row:
        raise ValueError("generate: a prompt must have at least one token")
    if len(row) > context and not crop:
        raise ValueError(
            f"generate: the prompt has {len(row):,} tokens, more than the {context:,} of the model's context; crop=True "
            "leaves out its beginning"
        )
    return max(0, len(row) - context)


def _rows(prompts: Any) -> tuple[list[list[int]], bool]:
    """Lists of ids, and whether it is a single sequence."""
    if isinstance(prompts, (Tensor, np.ndarray)):
        if prompts.ndim not in (1, 2):
            raise ValueError(f"generate: wanted ids (tokens) or (batch, tokens), got shape {tuple(prompts.shape)}")
        prompts = prompts.tolist()
    if isinstance(prompts, str) or (len(prompts) and isinstance(prompts[0], str)):
        raise TypeError("generate: wanted token ids, got text; tilestack.text.complete takes text and a tokenizer")
    if not len(prompts):
        raise ValueError("generate: there is no prompt")
    single = np.ndim(prompts[0]) == 0
    rows = [prompts] if single else prompts
    return [[int(i) for i in row] for row in rows], single


def _ends(model: Any, eos_id: int | Collection[int] | None) -> Collection[int]:
    """As given, else as generation_config.json beside the weights has it, else as the config."""
    if eos_id is None:
        file = None if model.folder is None else model.folder / "generation_config.json"
        said = json.loads(file.read_text("utf-8")) if file is not None and file.is_file() else {}
        eos_id = said.get("eos_token_id", model.eos_token_id)
    if eos_id is None:
        return ()
    return (eos_id,) if isinstance(eos_id, int) else tuple(eos_id)
