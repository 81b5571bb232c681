"""Llama (Touvron et al., 2023), with Hugging Face's names: rotary positions, RMSNorm, SwiGLU, grouped heads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import tilestack as ts
from tilestack import Tensor, nn
from tilestack.nn import functional as F

from .decoding import Caches, LanguageModel, Visible, new_caches, next_token_loss
from .pretrained import Pretrained, State, prefixed, unprefixed


@dataclass
class LlamaConfig:
    """Sizes under the names of config.json; by default those of Llama 7B."""

    SUPPORTED: ClassVar[dict[str, tuple[Any, ...]]] = {"hidden_act": ("silu", "swish")}
    vocab_size: int = 32000
    hidden_size: int = 4096
    intermediate_size: int = 11008
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int = None  # type: ignore[assignment]  # num_attention_heads
    head_dim: int = None  # type: ignore[assignment]  # hidden_size / num_attention_heads
    max_position_embeddings: int = 2048
    rms_norm_eps: float = 1e-6
    rope_theta: float = 10000.0
    rope_scaling: dict[str, Any] | None = None  # rope_type "linear" or "llama3" and its numbers
    attention_bias: bool = False
    mlp_bias: bool = False
    tie_word_embeddings: bool = False
    initializer_range: float = 0.02
    bos_token_id: int | None = None
    eos_token_id: int | list[int] | None = None
    rope_parameters: dict[str, Any] | None = None  # newer files have rope_theta and rope_scaling in it

    def __post_init__(self) -> None:
        if self.rope_parameters is not None:
            self.rope_theta = self.rope_parameters.get("rope_theta", self.rope_theta)
            self.rope_scaling = self.rope_scaling or self.rope_parameters
            self.rope_parameters = None
        if self.num_key_value_heads is None:
            self.num_key_value_heads = self.num_attention_heads
        if self.head_dim is None:
            self.head_dim = self.hidden_size // self.num_attention_heads
        if self.num_attention_heads % self.num_key_value_heads:
            raise ValueError(
                f"LlamaConfig: num_attention_heads {self.num_attention_heads} must be a multiple of "
                f"num_key_value_heads {self.num_key_value_heads}"
            )


def rotary_rates(config: LlamaConfig) -> Tensor:
    """Radians by which each pair of a head's elements turns from one token to the next: (head_dim / 2), float64."""
    rates = config.rope_theta ** (-ts.arange(0, config.head_dim, 2, dtype=ts.float64) / config.head_dim)
    scaling = config.rope_scaling or {}
    kind = scaling.get("rope_type", scaling.get("type", "default"))
    if kind == "default":
        return rates
    if kind == "linear":
        return rates / scaling["factor"]
    if kind == "llama3":  # slow turns are slowed down, fast ones kept, those between mixed
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        turns = rates * (scaling["original_max_position_embeddings"] / (2 * math.pi))
        kept = ((turns - low) / (high - low)).clamp(0, 1)
        return rates * kept + rates / scaling["factor"] * (1 - kept)
    raise ValueError(f'LlamaConfig: rope_type must be "default", "linear" or "llama3", got {kind!r}')


class Turns:
    """cos and sin of the tokens' angles, from a table that grows with the positions that were asked for.

    Not a buffer: `model.bfloat16()` must not round it.
    """

    def __init__(self, config: LlamaConfig) -> None:
        self.rates = rotary_rates(config)
        self.table: tuple[Tensor, Tensor] | None = None

    def __call__(self, positions: Tensor, end: int, dtype: Any) -> tuple[Tensor, Tensor]:
        """positions: (tokens) or (batch, tokens), below end. Returns two (..., tokens, head_dim / 2), for every head."""
        table = self.table
        if table is None or table[0].shape[0] < end or (table[0].device, table[0].dtype) != (positions.device, dtype):
            count = 1 << max(8, (end - 1).bit_length())
            angles = ts.arange(count, dtype=ts.float64).unsqueeze(1) * self.rates
            cos, sin = (part.to(dtype).to(positions.device) for part in (angles.cos(), angles.sin()))
            self.table = table = (cos, sin)
        cos, sin = (part[positions] for part in table)
        return (cos, sin) if positions.dim() == 1 else (cos.unsqueeze(1), sin.unsqueeze(1))


class Attention(nn.Module):
    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        width, dim, bias = config.hidden_size, config.head_dim, config.attention_bias
        self.head_dim = dim
        self.q_proj = nn.Linear(width, config.num_attention_heads * dim, bias=bias)
        self.k_proj = nn.Linear(width, config.num_key_value_heads * dim, bias=bias)
        self.v_proj = nn.Linear(width, config.num_key_value_heads * dim, bias=bias)
        self.o_proj = nn.Linear(config.num_attention_heads * dim, width, bias=bias)

    def forward(self, x: Tensor, turns: tuple[Tensor, Tensor], visible: Visible, cache: nn.KVCache | None) -> Tensor:
        q, k, v = (
            project(x).unflatten(-1, (-1, self.head_dim)).transpose(1, 2)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        q, k = F.rotary_embedding(q, *turns), F.rotary_embedding(k, *turns)
        if cache is not None:
            k, v = cache.append(k, v)
        y = F.scaled_dot_product_attention(q, k, v, visible.mask, 0.0, visible.is_causal, enable_gqa=True)
        return self.o_proj(y.transpose(1, 2).flatten(2))


class MLP(nn.Module):
    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=config.mlp_bias)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=config.mlp_bias)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=config.mlp_bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.swiglu(self.gate_proj(x), self.up_proj(x)))


class DecoderLayer(nn.Module):
    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.self_attn = Attention(config)
        self.mlp = MLP(config)
        self.input_layernorm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.post_attention_layernorm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)

    def forward(self, x: Tensor, turns: tuple[Tensor, Tensor], visible: Visible, cache: nn.KVCache | None) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), turns, visible, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class LlamaModel(Pretrained):
    """From tokens to hidden states. Matrices start normal with deviation initializer_range."""

    config_class = LlamaConfig
    model_type = "llama"
    unused = r"(rotary_emb\.inv_freq|^lm_head\.weight)$"

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList([DecoderLayer(config) for _ in range(config.num_hidden_layers)])
        self.norm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.turns = Turns(config)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, 0.0, config.initializer_range)

    @classmethod
    def own_names(cls, state: State) -> State:
        return unprefixed(state, "model.")

    def new_caches(self, batch: int, max_len: int | None = None) -> list[nn.KVCache]:
        """For decoding of up to max_len tokens, by default max_position_embeddings."""
        config = self.config
        size = max_len or config.max_position_embeddings
        like = self.embed_tokens.weight
        return new_caches(config.num_hidden_layers, batch, config.num_key_value_heads, size, config.head_dim, like)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, caches: Caches = None) -> Tensor:
        """input_ids: (batch, tokens) int64. Returns (batch, tokens, hidden_size).

        attention_mask: (batch, tokens so far), 0 for what fills up a shorter sequence. caches: of new_caches(); they hold
        the tokens before these, and take these.
        """
        tokens, past = input_ids.shape[1], len(caches[0]) if caches else 0
        visible = Visible(tokens, past, attention_mask, input_ids.device)
        x = self.embed_tokens(input_ids)
        precise = ts.float64 if x.dtype == ts.float64 else ts.float32
        turns = self.turns(visible.positions, past + tokens, precise)
        for i, layer in enumerate(self.layers):
            x = layer(x, turns, visible, caches[i] if caches else None)
        return self.norm(x)


class LlamaForCausalLM(LanguageModel):
    """Llama that predicts the next token."""

    config_class = LlamaConfig
    model_type = "llama"
    known_by = "mlp.gate_proj.weight"
    unused = r"rotary_emb\.inv_freq$"

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.config = config
        self.model = LlamaModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        if config.tie_word_embeddings:
            self.lm_head.weight = self.model.embed_tokens.weight
        else:
            nn.init.normal_(self.lm_head.weight, 0.0, config.initializer_range)

    @classmethod
    def own_names(cls, state: State) -> State:
        return prefixed(state, "model.", but=("lm_head.",))

    @property
    def context(self) -> int:
        return self.config.max_position_embeddings

    def new_caches(self, batch: int, max_len: int | None = None) -> list[nn.KVCache]:
        return self.model.new_caches(batch, max_len)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        caches: Caches = None,
        logits_to_keep: int = 0,
    ) -> Tensor:
        """Logits (batch, tokens, vocab_size) of the token after each, or after the last logits_to_keep ones only; other
        arguments as of LlamaModel."""
        return self.lm_head(self.model(input_ids, attention_mask, caches)[:, -logits_to_keep:])

    def loss(self, input_ids: Tensor, labels: Tensor | None = None) -> Tensor:
        """Mean cross-entropy of labels (by default input_ids) from the second token on; -100 does not count."""
        hidden = self.model(input_ids)
        return next_token_loss(hidden, self.lm_head.weight, input_ids if labels is None else labels)
