"""Text to text by a Seq2SeqTransformer: greedy and beam search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import tilestack as ts
from tilestack._core import Tensor

from .characters import Characters
from .padding import padded

ALPHA = 0.6  # of the length penalty (Wu et al., 2016)


def translate(
    model: Any,
    texts: str | Sequence[str],
    beam: int = 1,
    *,
    tokenizer: Characters | None = None,
    max_new_tokens: int | None = None,
    batch_size: int = 64,
) -> Any:
    """Translations of a text or of several. beam: how many beginnings are followed at a time; 1 is greedy.

    model: a Seq2SeqTransformer. tokenizer: one vocabulary for both sides, by default that of the folder from which the
    model came. Raises ValueError for a text with more tokens than the model has positions.
    """
    from .completion import tokenizer_of

    if isinstance(texts, str):
        options: dict[str, Any] = {"tokenizer": tokenizer, "max_new_tokens": max_new_tokens}
        return translate(model, [texts], beam, **options)[0]
    found = tokenizer_of(model) if tokenizer is None else tokenizer
    if not isinstance(found, Characters) or not {"<bos>", "<eos>"} <= found.ids.keys():
        raise ValueError("translate: the tokenizer must be Characters with <bos> and <eos>")
    most = model.positions.max_len
    rows = [found.encode(text) for text in texts]
    for text, row in zip(texts, rows, strict=True):
        if not 0 < len(row) <= most:
            raise ValueError(f"translate: a text must have 1 to {most} tokens, got {len(row)}: {text[:40]!r}")
    ends = {"bos": found.ids["<bos>"], "eos": found.ids["<eos>"], "max_len": min(max_new_tokens or most, most)}
    ids: list[list[int]] = []
    for start in range(0, len(rows), batch_size):
        source = padded(rows[start : start + batch_size], left=False, fill=model.pad_id)[0]
        ids += beam_search(model, source, beam=beam, **ends)
    return [found.decode(row) for row in ids]


def beam_search(model: Any, source: Tensor, *, bos: int, eos: int, max_len: int, beam: int = 1) -> list[list[int]]:
    """The target ids of each row of source, (batch, tokens) int64, without bos and eos.

    The score of a whole target is its log-probability by ((5 + length) / 6)^ALPHA.
    """
    from tilestack.train.evaluate import in_evaluation

    if beam < 1:
        raise ValueError(f"beam_search: beam must be at least 1, got {beam}")
    rows = np.repeat(np.arange(source.shape[0]), beam)
    targets = np.full((len(rows), 1), bos, np.int64)
    scores = np.where(np.arange(len(rows)) % beam == 0, 0.0, -np.inf)  # at first all beams of a row are alike
    ended = np.zeros(len(rows), bool)
    device = next(model.parameters()).device
    with in_evaluation(model), ts.no_grad():
        source = source.to(device)
        repeated = ts.from_numpy(rows).to(device)
        memory, source = model.encode(source)[repeated], source[repeated]
        for _ in range(max_len):
            logits = model.decode(ts.from_numpy(targets).to(device), memory, source)[:, -1]
            chances = ts.log_softmax(logits.float(), -1).to("cpu").numpy()
            parents, tokens, scores = _best(scores, chances, ended, beam, model.pad_id)
            targets = np.concatenate([targets[parents], tokens[:, None]], 1)
            ended = ended[parents] | (tokens == eos)
            if ended.all():
                break
    return [_finished(targets[i : i + beam], scores[i : i + beam], eos) for i in range(0, len(rows), beam)]


def _best(
    scores: np.ndarray, chances: np.ndarray, ended: np.ndarray, beam: int, pad_id: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The `beam` likeliest continuations of each row's beams: the beam that each goes on from, its token and score. One that
    has ended goes on with pad_id at no cost."""
    chances = np.where(ended[:, None], -np.inf, chances)
    chances[ended, pad_id] = 0.0
    total = (scores[:, None] + chances).reshape(-1, beam * chances.shape[1])
    chosen = np.argsort(-total, axis=1, kind="stable")[:, :beam]
    parents = chosen // chances.shape[1] + np.arange(len(total))[:, None] * beam
    return parents.ravel(), (chosen % chances.shape[1]).ravel(), np.take_along_axis(total, chosen, 1).ravel()


def _finished(targets: np.ndarray, scores: np.ndarray, eos: int) -> list[int]:
    """The best target of a row by the penalised score, up to its end."""
    candidates = []
    for target, score in zip(targets[:, 1:].tolist(), scores, strict=True):
        length = target.index(eos) if eos in target else len(target)
        candidates.append((score / ((5 + length) / 6) ** ALPHA, target[:length]))
    return max(candidates, key=lambda one: one[0])[1]
