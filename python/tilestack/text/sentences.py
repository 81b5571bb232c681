"""Sentences as vectors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import tilestack as ts
from tilestack._core import Tensor

from .completion import tokenizer_of
from .hub import HubTokenizer
from .padding import padded
from .word_piece import WordPiece


def encode_sentences(
    model: Any, sentences: str | Sequence[str] | Sequence[Sequence[int]], batch_size: int = 32, tokenizer: Any = None
) -> Tensor:
    """Vectors of length 1 for sentences; products of two are their cosine similarity (Reimers and Gurevych, 2019).

    model: a BertModel or SentenceEncoder. sentences: texts, or lists of token ids. tokenizer: by default that of the
    folder from which the model came. Each is cut to as many tokens as the folder's sentence_bert_config.json says, or
    the model has positions. Returns (sentences, hidden_size) float32 on the CPU, or (hidden_size) for a single text.
    """
    from tilestack.models.bert import SentenceEncoder, sentence_vectors
    from tilestack.train.evaluate import in_evaluation

    if isinstance(sentences, str):
        return encode_sentences(model, [sentences], batch_size, tokenizer)[0]
    ids = _ids(model, sentences, tokenizer)
    order = np.argsort([len(row) for row in ids], kind="stable")  # sentences of like length together
    vectors = np.empty((len(ids), model.config.hidden_size), np.float32)
    device = next(model.parameters()).device
    with in_evaluation(model), ts.no_grad():
        for start in range(0, len(ids), batch_size):
            chosen = order[start : start + batch_size]
            tokens, mask = (x.to(device) for x in padded([ids[i] for i in chosen], left=False))
            found = model(tokens, mask)
            if not isinstance(model, SentenceEncoder):
                found = sentence_vectors(found, mask)
            vectors[chosen] = found.float().to("cpu").numpy()
    return ts.from_numpy(vectors)


def _ids(model: Any, sentences: Sequence[Any], tokenizer: Any) -> list[list[int]]:
    most = model.config.max_position_embeddings
    if all(not isinstance(sentence, str) for sentence in sentences):
        return [[int(i) for i in row] for row in sentences]
    if model.folder is not None:
        most = min(most, _max_length(model.folder, most))
    found = tokenizer or tokenizer_of(model)
    if isinstance(found, (WordPiece, HubTokenizer)):
        return found.encode_batch(sentences, most)
    return [found.encode(sentence)[:most] for sentence in sentences]


def _max_length(folder: Path, most: int) -> int:
    file = folder / "sentence_bert_config.json"
    return int(json.loads(file.read_text("utf-8")).get("max_seq_length") or most) if file.is_file() else most
