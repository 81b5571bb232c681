"""The Transformer of "Attention Is All You Need" (Vaswani et al., 2017), from tokens to tokens."""

from __future__ import annotations

import math

import tilestack as ts
from tilestack import Tensor, nn
from tilestack.nn import functional as F

from .pretrained import Pretrained


class Seq2SeqTransformer(Pretrained):
    """Encoder and decoder of nn.Transformer between embeddings with sinusoidal positions and a linear layer.

    The sizes by default are the paper's base model; shared: one matrix embeds the source, embeds the target and predicts,
    as in the paper, which needs one vocabulary. Embeddings start normal with deviation 1 / sqrt(d_model) and are
    multiplied by sqrt(d_model), the rest with Xavier's initialisation. Names of layers are those of nn.Transformer
    under `transformer`, and `src_tok_emb`, `tgt_tok_emb`, `generator`.
    """

    def __init__(
        self,
        src_vocab_size: int,
        tgt_vocab_size: int,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        max_len: int = 512,
        pad_id: int = 0,
        norm_first: bool = False,
        shared: bool = False,
    ) -> None:
        super().__init__()
        if shared and src_vocab_size != tgt_vocab_size:
            raise ValueError(
                f"Seq2SeqTransformer: shared embeddings need one vocabulary, got {src_vocab_size} and {tgt_vocab_size}"
            )
        self.d_model = d_model
        self.pad_id = pad_id
        self.src_tok_emb = nn.Embedding(src_vocab_size, d_model, padding_idx=pad_id)
        self.tgt_tok_emb = self.src_tok_emb if shared else nn.Embedding(tgt_vocab_size, d_model, padding_idx=pad_id)
        self.positions = nn.SinusoidalPositions(d_model, max_len)
        self.dropout = nn.Dropout(dropout)
        self.transformer = nn.Transformer(
            d_model,
            nhead,
            num_encoder_layers,
            num_decoder_layers,
            dim_feedforward,
            dropout,
            batch_first=True,
            norm_first=norm_first,
        )
        self.generator = nn.Linear(d_model, tgt_vocab_size, bias=not shared)
        if shared:
            self.generator.weight = self.tgt_tok_emb.weight
        else:
            nn.init.xavier_uniform_(self.generator.weight)
        for embedding in (self.src_tok_emb, self.tgt_tok_emb):
            nn.init.normal_(embedding.weight, 0.0, d_model**-0.5)
            with ts.no_grad():
                embedding.weight[pad_id] = 0

    def embed(self, embedding: nn.Module, ids: Tensor) -> Tensor:
        return self.dropout(self.positions(embedding(ids) * math.sqrt(self.d_model)))

    def encode(self, src: Tensor) -> Tensor:
        """src: (batch, source tokens) int64, filled up with pad_id. Returns (batch, source tokens, d_model)."""
        return self.transformer.encoder(self.embed(self.src_tok_emb, src), src_key_padding_mask=src == self.pad_id)

    def decode(self, tgt: Tensor, memory: Tensor, src: Tensor) -> Tensor:
        """tgt: (batch, tokens) int64, beginning with a start token. memory: of encode(src). Returns logits of the token
        after each (batch, tokens, tgt_vocab_size)."""
        tokens = tgt.shape[1]
        later = ts.ones((tokens, tokens), dtype=ts.bool, device=tgt.device).triu(1)
        y = self.transformer.decoder(
            self.embed(self.tgt_tok_emb, tgt),
            memory,
            tgt_mask=later,
            tgt_is_causal=True,
            memory_key_padding_mask=src == self.pad_id,
        )
        return self.generator(y)

    def forward(self, src: Tensor, tgt: Tensor) -> Tensor:
        return self.decode(tgt, self.encode(src), src)

    def loss(self, src: Tensor, tgt: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """Mean cross-entropy of tgt's tokens from the second on; pad_id does not count. The paper smooths by 0.1."""
        logits = self(src, tgt[:, :-1])
        targets = tgt[:, 1:].flatten()
        return F.cross_entropy(logits.flatten(0, 1), targets, ignore_index=self.pad_id, label_smoothing=label_smoothing)
