"""GPT-2 (Radford et al., 2019), with Hugging Face's names."""

from __future__ import annotations

import math
from dataclasses import dataclass

import tilestack as ts
from tilestack import Tensor, nn
from tilestack.nn import functional as F

from .decoding import Caches, Visible, new_caches, next_token_loss


@dataclass
class GPT2Config:
    """Sizes under the names of config.json; by default those of the smallest GPT-2."""

    vocab_size: int = 50257
    n_positions: int = 1024
    n_embd: int = 768
    n_layer: int = 12
    n_head: int = 12
    n_inner: int | None = None  # 4 n_embd
    embd_pdrop: float = 0.1
    attn_pdrop: float = 0.1
    resid_pdrop: float = 0.1
    layer_norm_epsilon: float = 1e-5
    initializer_range: float = 0.02


class Conv1D(nn.Module):
    """y = x W + b, with W (in, out): a Linear whose weight is stored transposed."""

    def __init__(self, nf: int, nx: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(ts.empty((nx, nf)))
        self.bias = nn.Parameter(ts.zeros(nf))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self._weight_out_in(), self.bias)

    def _weight_out_in(self) -> Tensor:
        """What nn.quantize reads."""
        return self.weight.transpose(0, 1)


class Attention(nn.Module):
    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        width = config.n_embd
        if width % config.n_head:
            raise ValueError(f"GPT2: n_embd {width} must be a multiple of n_head {config.n_head}")
        self.heads = config.n_head
        self.dropout = config.attn_pdrop
        self.c_attn = Conv1D(3 * width, width)
        self.c_proj = Conv1D(width, width)
        self.resid_dropout = nn.Dropout(config.resid_pdrop)

    def forward(self, x: Tensor, visible: Visible, cache: nn.KVCache | None) -> Tensor:
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.c_attn(x).chunk(3, -1))
        if cache is not None:
            k, v = cache.append(k, v)
        dropout = self.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, visible.mask, dropout, visible.is_causal)
        return self.resid_dropout(self.c_proj(y.transpose(1, 2).flatten(2)))


class MLP(nn.Module):
    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        inner = config.n_inner or 4 * config.n_embd
        self.c_fc = Conv1D(inner, config.n_embd)
        self.c_proj = Conv1D(config.n_embd, inner)
        self.dropout = nn.Dropout(config.resid_pdrop)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.c_proj(F.gelu(self.c_fc(x), approximate="tanh")))


class Block(nn.Module):
    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.attn = Attention(config)
        self.ln_2 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.mlp = MLP(config)

    def forward(self, x: Tensor, visible: Visible, cache: nn.KVCache | None) -> Tensor:
        x = x + self.attn(self.ln_1(x), visible, cache)
        return x + self.mlp(self.ln_2(x))


class GPT2Model(nn.Module):
    """From tokens to hidden states.

    Weights start normal with deviation initializer_range, those that end a residual branch by sqrt(2 n_layer) smaller;
    biases at 0.
    """

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.drop = nn.Dropout(config.embd_pdrop)
        self.h = nn.ModuleList([Block(config) for _ in range(config.n_layer)])
        self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                depth = math.sqrt(2 * config.n_layer) if name.endswith("c_proj.weight") else 1.0
                nn.init.normal_(parameter, 0.0, config.initializer_range / depth)

    def new_caches(self, batch: int, max_len: int | None = None) -> list[nn.KVCache]:
        """For decoding of up to max_len tokens, by default n_positions."""
        config = self.config
        size = max_len or config.n_positions
        return new_caches(config.n_layer, batch, config.n_head, size, config.n_embd // config.n_head, self.wte.weight)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, caches: Caches = None) -> Tensor:
        """input_ids: (batch, tokens) int64. Returns (batch, tokens, n_embd).

        attention_mask: (batch, tokens so far), 0 for what fills up a shorter sequence. caches: of new_caches(); they hold
        the tokens before these, and take these.
        """
        tokens, past = input_ids.shape[1], len(caches[0]) if caches else 0
        if past + tokens > self.config.n_positions:
            raise ValueError(f"GPT2: {past + tokens} tokens are more than n_positions {self.config.n_positions}")
        visible = Visible(tokens, past, attention_mask, input_ids.device)
        x = self.drop(self.wte(input_ids) + self.wpe(visible.positions))
        for i, block in enumerate(self.h):
            x = block(x, visible, caches[i] if caches else None)
        return self.ln_f(x)


class GPT2LMHeadModel(nn.Module):
    """GPT-2 that predicts the next token; its last layer is the embedding's weight.

    >>> from tilestack.models import GPT2Config, GPT2LMHeadModel
    >>> model = GPT2LMHeadModel(GPT2Config(vocab_size=65, n_positions=64, n_embd=128, n_layer=4, n_head=4))
    >>> model(ts.zeros((1, 10), dtype=ts.int64)).shape
    (1, 10, 65)
    """

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        self.config = config
        self.transformer = GPT2Model(config)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.lm_head.weight = self.transformer.wte.weight

    def new_caches(self, batch: int, max_len: int | None = None) -> list[nn.KVCache]:
        return self.transformer.new_caches(batch, max_len)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, caches: Caches = None) -> Tensor:
        """Logits (batch, tokens, vocab_size) of the token after each; arguments as of GPT2Model."""
        return self.lm_head(self.transformer(input_ids, attention_mask, caches))

    def loss(self, input_ids: Tensor, labels: Tensor | None = None) -> Tensor:
        """Mean cross-entropy of labels (by default input_ids) from the second token on; -100 does not count."""
        hidden = self.transformer(input_ids)
        return next_token_loss(hidden, self.lm_head.weight, input_ids if labels is None else labels)
