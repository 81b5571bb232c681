"""A recurrent language model, with the names of PyTorch's word_language_model example."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tilestack import Tensor, nn
from tilestack.nn import functional as F

from .decoding import LanguageModel
from .pretrained import State, count, shape


class RecurrentLM(LanguageModel):
    """Embedding, LSTM or GRU layers, and a linear layer that predicts the next token.

    kind: "LSTM", "GRU" or "RNN"; tied: embedding and prediction share their weight, and embed_dim is hidden_size. The
    embedding and the last layer start uniform within 0.1, biases at 0.
    """

    def __init__(
        self,
        vocab_size: int,
        embed_dim: int = 200,
        hidden_size: int = 200,
        num_layers: int = 2,
        dropout: float = 0.2,
        kind: str = "LSTM",
        tied: bool = False,
    ) -> None:
        super().__init__()
        kinds: dict[str, Any] = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}
        if kind not in kinds:
            raise ValueError(f"{type(self).__name__}: kind must be one of {', '.join(kinds)}, got {kind!r}")
        if tied and embed_dim != hidden_size:
            raise ValueError(
                f"{type(self).__name__}: tied weights need embed_dim {embed_dim} to be hidden_size {hidden_size}"
            )
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(vocab_size, embed_dim)
        self.rnn = kinds[kind](
            embed_dim, hidden_size, num_layers, dropout=dropout if num_layers > 1 else 0.0, batch_first=True
        )
        self.decoder = nn.Linear(hidden_size, vocab_size)
        if tied:
            self.decoder.weight = self.encoder.weight
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        nn.init.uniform_(self.decoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.get_parameter("decoder.bias"))

    @classmethod
    def sizes_of(cls, state: State) -> dict[str, Any] | None:
        if "rnn.weight_hh_l0" not in state or "decoder.bias" not in state:
            return None
        gates, hidden = shape(state, "rnn.weight_hh_l0")
        vocab_size, embed_dim = shape(state, "encoder.weight")
        kind = {4: "LSTM", 3: "GRU", 1: "RNN"}[gates // hidden]
        layers = count(state, r"rnn\.weight_hh_l(\d+)$")
        sizes = {"vocab_size": vocab_size, "embed_dim": embed_dim, "hidden_size": hidden, "num_layers": layers}
        return {**sizes, "kind": kind, "tied": "decoder.weight" not in state}

    @property
    def vocab_size(self) -> int:
        return int(self.encoder.num_embeddings)

    @property
    def eos_token_id(self) -> None:
        return None

    def begin(self, rows: Sequence[Sequence[int]], room: int) -> tuple[Tensor, Any]:
        from tilestack.text.padding import padded

        ids, _ = padded(rows, left=False)
        embedded = self.encoder(ids.to(self.encoder.weight.device))
        lengths = [len(row) for row in rows]
        packed = nn.utils.rnn.pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        _, state = self.rnn(packed)
        hidden = state[0] if isinstance(state, tuple) else state
        return self.decoder(hidden[-1]), state

    def go_on(self, tokens: Tensor, memory: Any) -> tuple[Tensor, Any]:
        logits, state = self(tokens, memory)
        return logits[:, -1], state

    def forward(self, input_ids: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """input_ids: (batch, tokens) int64. Returns logits (batch, tokens, vocab_size) and the state to go on with."""
        y, state = self.rnn(self.drop(self.encoder(input_ids)), state)
        return self.decoder(self.drop(y)), state

    def loss(self, input_ids: Tensor, labels: Tensor, state: Any = None) -> Tensor:
        """Mean cross-entropy; labels: (batch, tokens), the token that follows each, -100 where it does not count."""
        logits, _ = self(input_ids, state)
        return F.cross_entropy(logits.flatten(0, 1), labels.flatten())
