"""Multi-head attention, and the cache of keys and values for decoding."""

from __future__ import annotations

import math
from typing import Any

import tilestack as ts
from tilestack._core import Tensor
from tilestack.nn import functional as F
from tilestack.nn import init
from tilestack.nn.linear import Linear
from tilestack.nn.module import Module
from tilestack.nn.parameter import Parameter


def _check_mask(name: str, mask: Tensor | None) -> None:
    if mask is not None and mask.dtype != ts.bool and not mask.dtype.is_floating_point:
        raise TypeError(f"MultiheadAttention: {name} must be bool or float, got {mask.dtype}")


def _additive(mask: Tensor, like: Tensor) -> Tensor:
    """A mask that says what takes part, as one to add."""
    if mask.dtype != ts.bool:
        return mask.to(like.dtype)
    zeros = ts.zeros(tuple(mask.shape), dtype=like.dtype, device=like.device)
    return ts.where(mask, zeros, zeros - math.inf)


def _future(tokens: int, source: int, like: Tensor) -> Tensor:
    """Where a source token comes after the token: (tokens, source) bool."""
    rows, cols = (ts.arange(n, device=like.device) for n in (tokens, source))
    return rows.unsqueeze(-1) < cols


class MultiheadAttention(Module):
    """Attention by several heads, each of its own projection of the inputs (Vaswani et al., 2017).

    query: (tokens, batch, embed_dim), or (batch, tokens, embed_dim) with batch_first, or (tokens, embed_dim). key and
    value likewise with kdim and vdim features. Returns the result in query's shape and, with need_weights, the
    probabilities (batch, tokens, source tokens), averaged over heads, or (batch, heads, tokens, source tokens); else
    None. Without need_weights scores are never held in memory.

    Masks are torch's: bool, where True is left out, or float, which is added. key_padding_mask: (batch, source tokens).
    attn_mask: (tokens, source tokens) or (batch * heads, tokens, source tokens). is_causal: attn_mask, if it is given,
    is the causal one. Two more source tokens, which no mask hides, follow the others: add_bias_kv, a learned key and
    value; add_zero_attn, a key and value of zeros. They too have columns among the probabilities.
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0 or embed_dim % num_heads:
            raise ValueError(f"MultiheadAttention: embed_dim {embed_dim} must be a multiple of num_heads {num_heads}")
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.head_dim = embed_dim // num_heads
        self.dropout = dropout
        self.add_zero_attn = add_zero_attn
        self.batch_first = batch_first
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        empty = {"device": device, "dtype": dtype}
        joint = self.kdim == embed_dim and self.vdim == embed_dim
        self.in_proj_weight = Parameter(ts.empty((3 * embed_dim, embed_dim), **empty)) if joint else None
        self.q_proj_weight = None if joint else Parameter(ts.empty((embed_dim, embed_dim), **empty))
        self.k_proj_weight = None if joint else Parameter(ts.empty((embed_dim, self.kdim), **empty))
        self.v_proj_weight = None if joint else Parameter(ts.empty((embed_dim, self.vdim), **empty))
        self.in_proj_bias = Parameter(ts.empty((3 * embed_dim,), **empty)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        self.bias_k = Parameter(ts.empty((1, 1, embed_dim), **empty)) if add_bias_kv else None
        self.bias_v = Parameter(ts.empty((1, 1, embed_dim), **empty)) if add_bias_kv else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)
        for extra in (self.bias_k, self.bias_v):
            if extra is not None:
                init.xavier_normal_(extra)

    def _project(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, ...]:
        """In as few products as the inputs allow."""
        weight, bias, n = self.in_proj_weight, self.in_proj_bias, self.embed_dim
        inputs, biases = (query, key, value), (None, None, None) if bias is None else bias.chunk(3)
        if weight is None:
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
            return tuple(F.linear(x, w, b) for x, w, b in zip(inputs, weights, biases, strict=True) if w is not None)
        if key is value:
            if query is key:
                return tuple(F.linear(query, weight, bias).chunk(3, -1))
            q = F.linear(query, weight[:n], None if bias is None else bias[:n])
            return (q, *F.linear(key, weight[n:], None if bias is None else bias[n:]).chunk(2, -1))
        return tuple(F.linear(x, w, b) for x, w, b in zip(inputs, weight.chunk(3), biases, strict=True))

    def _mask(
        self, key_padding_mask: Tensor | None, attn_mask: Tensor | None, scores: tuple[int, ...]
    ) -> Tensor | None:
        """Of scores (batch, heads, tokens, source tokens): what takes part, or what is to be added."""
        batch, heads, tokens, source = scores
        _check_mask("key_padding_mask", key_padding_mask)
        _check_mask("attn_mask", attn_mask)
        masks = []
        if attn_mask is not None:
            shape = tuple(attn_mask.shape)
            if shape not in ((tokens, source), (batch * heads, tokens, source)):
                raise ValueError(
                    f"MultiheadAttention: attn_mask must have shape {(tokens, source)} or "
                    f"{(batch * heads, tokens, source)}, got {shape}"
                )
            masks.append(attn_mask if len(shape) == 2 else attn_mask.reshape(scores))
        if key_padding_mask is not None:
            if tuple(key_padding_mask.shape) != (batch, source):
                raise ValueError(
                    f"MultiheadAttention: key_padding_mask must have shape {(batch, source)}, "
                    f"got {tuple(key_padding_mask.shape)}"
                )
            masks.append(key_padding_mask.reshape(batch, 1, 1, source))
        masks = [ts.logical_not(mask) if mask.dtype == ts.bool else mask for mask in masks]
        if len(masks) < 2:
            return masks[0] if masks else None
        if all(mask.dtype == ts.bool for mask in masks):
            return ts.logical_and(*masks)
        like = next(mask for mask in masks if mask.dtype != ts.bool)
        return _additive(masks[0], like) + _additive(masks[1], like)

    def _extended(self, x: Tensor, bias: Parameter | None) -> Tensor:
        """Keys or values (batch, heads, source tokens, head_dim), with those that the layer adds."""
        batch, heads, _, size = x.shape
        parts = [x]
        if bias is not None:
            parts.append(bias.reshape(1, heads, 1, size).expand(batch, heads, 1, size))
        if self.add_zero_attn:
            parts.append(ts.zeros((batch, heads, 1, size), dtype=x.dtype, device=x.device))
        return ts.cat(parts, 2) if len(parts) > 1 else x

    def _weights(self, q: Tensor, k: Tensor, mask: Tensor | None, causal: bool) -> Tensor:
        scores = (q / math.sqrt(self.head_dim)) @ k.transpose(-1, -2)
        if causal:
            scores = scores + _additive(~_future(q.shape[-2], k.shape[-2], q), scores)
        if mask is not None:
            scores = scores + _additive(mask, scores)
        return F.softmax(scores, -1)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        if query.dim() not in (2, 3) or key.dim() != query.dim() or value.dim() != query.dim():
            shapes = ", ".join(str(tuple(x.shape)) for x in (query, key, value))
            raise ValueError(f"MultiheadAttention: query, key and value must all have 2 or 3 dimensions, got {shapes}")
        batched, token_dim = query.dim() == 3, 1 if self.batch_first or query.dim() == 2 else 0
        if not batched:
            key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)

        def by_heads(x: Tensor) -> Tensor:
            x = x if batched else x.unsqueeze(0)
            x = x.unflatten(-1, (self.num_heads, self.head_dim))
            return x.transpose(1, 2) if token_dim == 1 else x.permute(1, 2, 0, 3)

        q, k, v = (by_heads(x) for x in self._project(query, key, value))
        tokens, source = q.shape[2], k.shape[2]
        k, v = self._extended(k, self.bias_k), self._extended(v, self.bias_v)
        added = k.shape[2] - source
        if is_causal and added and attn_mask is None:
            attn_mask = _future(tokens, source, q)
        if is_causal and not added and (not need_weights or attn_mask is None):
            attn_mask = None
        else:
            is_causal = False
        mask = self._mask(key_padding_mask, attn_mask, (*q.shape[:3], source))
        if mask is not None and added:
            mask = F.pad(mask, (0, added), value=float(mask.dtype == ts.bool))
        dropout = self.dropout if self.training else 0.0
        weights = None
        if need_weights:
            weights = F.dropout(self._weights(q, k, mask, is_causal), dropout)
            y = weights @ v
            weights = weights.mean(1) if average_attn_weights else weights
            weights = weights if batched else weights.squeeze(0)
        else:
            y = F.scaled_dot_product_attention(q, k, v, mask, dropout, is_causal)
        y = y.transpose(1, 2) if token_dim == 1 else y.permute(2, 0, 1, 3)
        y = self.out_proj(y.flatten(-2))
        return y if batched else y.squeeze(0), weights

    def extra_repr(self) -> str:
        return f"{self.embed_dim}, {self.num_heads}, dropout={self.dropout}, batch_first={self.batch_first}"


class KVCache:
    """Keys and values of the tokens so far, in memory for max_len of them that is taken once.

    >>> cache = ts.nn.KVCache(batch=1, heads=2, max_len=8, head_dim=4)
    >>> keys, values = cache.append(ts.zeros((1, 2, 3, 4)), ts.zeros((1, 2, 3, 4)))
    >>> keys.shape, len(cache)
    ((1, 2, 3, 4), 3)

    The one new token of a decoding step attends to all of them: no mask is needed.
    """

    def __init__(
        self,
        batch: int,
        heads: int,
        max_len: int,
        head_dim: int,
        value_dim: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        wide = head_dim if value_dim is None else value_dim
        self._keys = ts.zeros((batch, heads, max_len, head_dim), device=device, dtype=dtype)
        self._values = ts.zeros((batch, heads, max_len, wide), device=device, dtype=dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def max_len(self) -> int:
        return int(self._keys.shape[2])

    @property
    def keys(self) -> Tensor:
        """(batch, heads, tokens so far, head_dim), a view."""
        return self._keys[:, :, : self._length]

    @property
    def values(self) -> Tensor:
        """(batch, heads, tokens so far, value_dim), a view."""
        return self._values[:, :, : self._length]

    def append(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """key, value: (batch, heads, new tokens, ...). Returns views of all keys and values."""
        new, first = key.shape[-2], self._length
        for name, x, to in (("key", key, self._keys), ("value", value, self._values)):
            wanted = (*to.shape[:2], new, to.shape[3])
            if tuple(x.shape) != tuple(wanted):
                raise ValueError(f"KVCache.append: {name} must have shape {tuple(wanted)}, got {tuple(x.shape)}")
        if first + new > self.max_len:
            raise ValueError(f"KVCache.append: {new} tokens after {first} are more than max_len {self.max_len}")
        with ts.no_grad():
            self._keys[:, :, first : first + new] = key
            self._values[:, :, first : first + new] = value
        self._length += new
        return self.keys, self.values

    def truncate(self, length: int = 0) -> None:
        """Forgets the tokens from `length` on."""
        if not 0 <= length <= self._length:
            raise ValueError(f"KVCache.truncate: length must be in [0, {self._length}], got {length}")
        self._length = length
