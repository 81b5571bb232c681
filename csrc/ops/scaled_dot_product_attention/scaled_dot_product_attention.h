#pragma once
#include <optional>

#include "core/kernels.h"
#include "core/philox.h"

namespace tilestack {

// What both passes read.
// q: (batch, heads, queries, head_dim)   k: (batch, kv_heads, keys, head_dim)   v: (batch, kv_heads, keys, value_dim)
// mask: (batch, heads, queries, keys), bool (true takes part) or q's dtype (added); undefined: none
// Strides are free, but for rows of q, k and v, whose elements lie side by side. Head h reads head h / (heads /
// kv_heads) of k and v. Causal: query i sees keys 0 to i. Probability j of row i, rows being counted over batch and
// heads, is dropped if half-word j % 8 (low halves first) of counter i * ceil(keys / 8) + j / 8 of the stream is below
// 65536 dropout: drawn again by backward, never stored.
struct AttentionInputs {
  View q, k, v, mask;
  double scale;
  bool causal;
  double dropout;
  Philox stream;
};

// y = dropout(softmax(scale q k^T + mask)) v for each head, by tiles: scores never reach memory (Rabe and Staats, 2021;
// Dao et al., 2022). Rows without a key give 0.
// y: (batch, heads, queries, value_dim), rows of elements side by side   lse: (batch, heads, queries), contiguous, the
// compute dtype: the logarithm of the sum of exp(scores), infinity for rows without a key
// backward: with P = exp(scores - lse), Z the dropout's factors and D = sum(dy y) of each row,
//   dv = (P Z)^T dy,   dS = P (dy v^T Z - D),   dq = scale dS k,   dk = scale dS^T q,
// dk and dv summed over the heads that share them; it overwrites dq, dk and dv, which are laid out freely as q is.
struct ScaledDotProductAttentionKernels {
  void (*forward)(const AttentionInputs& in, View y, View lse);
  void (*backward)(const AttentionInputs& in, View y, View lse, View dy, View dq, View dk, View dv);
};
TILESTACK_KERNELS(ScaledDotProductAttentionKernels, scaled_dot_product_attention)

// query: (..., queries, head_dim)   key: (..., keys, head_dim)   value: (..., keys, value_dim); leading dimensions
// broadcast. mask: broadcast to (..., queries, keys); undefined: none. scale: 1 / sqrt(head_dim) by default.
Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& mask,
                                    double dropout_p, bool is_causal, std::optional<double> scale, bool enable_gqa);

}  // namespace tilestack
