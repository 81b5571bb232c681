#pragma once
#include "core/tensor.h"

namespace tilestack {

// The formula of scaled_dot_product_attention op by op, which holds the scores: for a mask that has a gradient.
// q: (batch, heads, queries, head_dim)   k, v: (batch, kv_heads, keys, ...)   mask: (batch, heads, queries, keys),
// float, added. Returns (batch, heads, queries, value_dim) in q's dtype, computed in the compute dtype.
Tensor composed_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, double dropout_p,
                          bool is_causal, double scale);

}  // namespace tilestack
