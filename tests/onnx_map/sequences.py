"""Recurrent layers and attention."""

from __future__ import annotations

import math

import tilestack as ts
from onnx_map.elementwise import dtype_of
from onnx_map.graph import NotMapped, operator

F = ts.nn.functional

# The rows of torch's weights in order, as ONNX's blocks of gates.
GATES = {"lstm": (0, 2, 3, 1), "gru": (1, 0, 2), "tanh": (0,)}
DEFAULTS = {"lstm": ["Sigmoid", "Tanh", "Tanh"], "gru": ["Sigmoid", "Tanh"], "tanh": ["Tanh"]}


def recurrent(mode, node, x, w, r, b=None, lengths=None, h0=None, c0=None, peepholes=None):
    if peepholes is not None or "clip" in node.attributes or node("input_forget", 0):
        raise NotMapped("torch's LSTM has neither peepholes nor clipping")
    directions = 2 if node("direction", "forward") == "bidirectional" else 1
    if node("activations", DEFAULTS[mode] * directions) != DEFAULTS[mode] * directions:
        raise NotMapped("torch's activations are fixed")
    by_batch = bool(node("layout", 0))
    if by_batch:
        x = x.transpose(0, 1)
        h0, c0 = (None if s is None else s.transpose(0, 1) for s in (h0, c0))
    steps, batch, _ = x.shape
    hidden = r.shape[2]
    if mode == "gru" and not node("linear_before_reset", 0):
        if steps > 1 or h0 is not None:
            raise NotMapped("torch's GRU resets after the product with the state")
        if b is not None:  # with a state of zeros only the bias stands where the reset would
            b = b.clone()
            b[:, 2 * hidden : 3 * hidden] = b[:, 2 * hidden : 3 * hidden] + b[:, 5 * hidden :]
            b[:, 5 * hidden :] = 0

    def rows(block):
        parts = block.chunk(len(GATES[mode]), 0)
        return ts.cat([parts[i] for i in GATES[mode]], 0)

    results = []
    for d in range(directions):
        biases = (None, None) if b is None else [rows(half) for half in b[d].chunk(2, 0)]
        zeros = ts.zeros(batch, hidden, dtype=x.dtype)
        results.append(
            ts.recurrent_layer(
                x,
                zeros if h0 is None else h0[d],
                (zeros if c0 is None else c0[d]) if mode == "lstm" else None,
                rows(w[d]),
                rows(r[d]),
                *biases,
                lengths=None if lengths is None else lengths.to(ts.int64),
                mode=mode,
                reverse=d == 1 or node("direction", "forward") == "reverse",
            )
        )
    y = ts.stack([result[0] for result in results], 1)
    ends = [ts.stack([result[i] for result in results]) for i in range(1, len(results[0]))]
    if by_batch:
        return y.permute(2, 0, 1, 3), *(end.transpose(0, 1) for end in ends)
    return y, *ends


for name, mode in (("LSTM", "lstm"), ("GRU", "gru"), ("RNN", "tanh")):
    operator(name)(lambda node, *inputs, mode=mode: recurrent(mode, node, *inputs))


def split_heads(x, heads):
    return x.reshape(*x.shape[:2], heads, -1).transpose(1, 2)


def bias_of(node, q, k, mask, offset, lengths):
    """Every mask as one that is added to the scores, or None."""
    queries, keys = q.shape[2], k.shape[2]
    bias = None
    if mask is not None:
        if mask.dtype == ts.bool:
            mask = ts.where(mask, ts.zeros(1, dtype=q.dtype), -math.inf)
        bias = F.pad(mask, (0, keys - mask.shape[-1]), value=-math.inf) if mask.shape[-1] < keys else mask
    place = ts.arange(queries).reshape(-1, 1) + offset  # of each query among the keys
    ahead = ts.arange(keys) - place
    left, right = node("left_window_size", -1), node("right_window_size", -1)
    unseen = []
    if node("is_causal", 0):
        unseen.append(ahead > 0)
    if left >= 0:
        unseen.append(ahead < -left)
    if right >= 0:
        unseen.append(ahead > right)
    if lengths is not None:
        unseen.append(ts.arange(keys) >= lengths.reshape(-1, 1, 1, 1))
    for hidden in unseen:
        wall = ts.where(hidden, ts.full((1,), -math.inf, dtype=q.dtype), 0.0)
        bias = wall if bias is None else bias + wall
    return bias


@operator("Attention")
def attention(node, q, k, v, mask=None, past_key=None, past_value=None, lengths=None):
    joined = q.dim() == 3
    if joined:
        q = split_heads(q, node("q_num_heads"))
        k, v = split_heads(k, node("kv_num_heads")), split_heads(v, node("kv_num_heads"))
    offset = 0
    if past_key is not None:
        offset = past_key.shape[2]
        k, v = ts.cat([past_key, k], 2), ts.cat([past_value, v], 2)
    elif lengths is not None:
        offset = lengths.reshape(-1, 1, 1, 1) - q.shape[2]
    scale = node("scale") or 1 / math.sqrt(q.shape[-1])
    bias = bias_of(node, q, k, mask, offset, lengths)
    if node("softcap", 0.0) or node.outputs > 3:
        y, scores = composed_attention(node, q, k, v, bias, scale)
    else:
        scores = None
        if bias is not None and bias.dim() < 2:
            bias = bias.expand(q.shape[2], k.shape[2])
        y = F.scaled_dot_product_attention(q, k, v, bias, scale=scale, enable_gqa=q.shape[1] != k.shape[1])
    if joined:
        y = y.transpose(1, 2).flatten(2)
    return (y, k, v, scores)[: node.outputs]


def composed_attention(node, q, k, v, bias, scale):
    """What torch's fused function does not give: capped scores, and scores as a result."""
    groups = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
    cap, what = node("softcap", 0.0), node("qk_matmul_output_mode", 0)
    scores = (q * math.sqrt(scale)) @ (k * math.sqrt(scale)).transpose(2, 3)
    capped = ts.tanh(scores / cap) * cap if cap else scores
    biased = capped if bias is None else capped + bias
    dtype = dtype_of(node("softmax_precision")) if "softmax_precision" in node.attributes else None
    weights = F.softmax(biased, -1, dtype=dtype)
    if bias is not None:  # a query that sees nothing
        blind = ts.amax(bias, -1, keepdim=True) == -math.inf
        weights = weights.masked_fill(blind, 0)
    y = weights.to(q.dtype) @ v
    return y, (scores if cap == 0 or what else capped, capped, biased, weights)[what].to(q.dtype)


@operator("RotaryEmbedding")
def rotary_embedding(node, x, cos, sin, positions=None):
    joined = x.dim() == 3
    if joined:
        x = split_heads(x, node("num_heads"))
    if positions is not None:
        cos, sin = cos[positions], sin[positions]
    part = node("rotary_embedding_dim", 0) or x.shape[-1]
    turned = F.rotary_embedding(
        x[..., :part], cos.unsqueeze(1), sin.unsqueeze(1), interleaved=bool(node("interleaved", 0))
    )
    y = turned if part == x.shape[-1] else ts.cat([turned, x[..., part:]], -1)
    return y.transpose(1, 2).flatten(2) if joined else y
