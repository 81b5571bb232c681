#include "ops/scaled_dot_product_attention/scaled_dot_product_attention.h"

#include <cmath>

#include "core/generator.h"
#include "core/op.h"
#include "core/views.h"
#include "ops/copy/copy.h"
#include "ops/scaled_dot_product_attention/composed.h"

namespace tilestack {
namespace {

constexpr const char* kAttention = "scaled_dot_product_attention";
constexpr std::int64_t kMaxCudaHead = 256;

Dims leading(const Tensor& x) { return Dims(x.view().shape, x.dim() - 2); }

Dims joined(Dims dims, std::int64_t rows, std::int64_t cols) {
  dims.push_back(rows);
  dims.push_back(cols);
  return dims;
}

// (batch, heads, rows, cols): the last of the leading dimensions are the heads.
Tensor with_heads(const Tensor& x, const Dims& lead) {
  const std::int64_t rows = x.size(-2), cols = x.size(-1);
  const Tensor wide = leading(x) == lead ? x : expand(x, joined(lead, rows, cols));
  if (lead.size() == 2) return wide;
  const std::int64_t heads = lead.empty() ? 1 : lead[-1];
  std::int64_t batch = 1;
  for (int i = 0; i + 1 < lead.size(); ++i) batch *= lead[i];
  return reshape(wide, {batch, heads, rows, cols});
}

// Elements of a row side by side; on a GPU also rows of 16-bit floats at multiples of 16 bytes, if their size is one,
// so that what is computed does not depend on where a tensor lies.
Tensor with_dense_rows(const Tensor& x) {
  const View& view = x.view();
  bool fits = view.size(-1) <= 1 || view.stride(-1) == 1;
  if (x.device().kind == Device::cuda && size_of(x.dtype()) == 2 && view.size(-1) % 8 == 0) {
    fits = fits && reinterpret_cast<std::uintptr_t>(view.pointer) % 16 == 0;
    for (int i = 0; i < 3; ++i) fits = fits && (view.shape[i] == 1 || view.strides[i] % 8 == 0);
  }
  if (fits) return x;
  const Tensor y = empty(x.shape(), x.dtype(), x.device());
  copy_into(y, x.detach());
  return y;
}

// (batch, heads, rows, cols) in the order of x's memory: heads within tokens where x has them so.
Tensor empty_heads(const Tensor& x, std::int64_t cols) {
  const std::int64_t batch = x.size(0), heads = x.size(1), rows = x.size(2);
  const Dims shape{batch, heads, rows, cols};
  const bool tokens_first = heads > 1 && rows > 1 && x.view().stride(1) < x.view().stride(2);
  const Dims strides = tokens_first ? Dims{rows * heads * cols, cols, heads * cols, 1} : contiguous_strides(shape);
  return empty_strided(shape, strides, x.dtype(), x.device());
}

struct Slopes {
  Tensor q, k, v;
};

// Memory for gradients, in the order of what they belong to. Where q, k and v are the parts of one matrix, so are
// these: joining them is then a view. (On a GPU kernels want more of their rows.)
Slopes empty_slopes(const Tensor& q, const Tensor& k, const Tensor& v) {
  const std::int64_t tokens = q.size(2), row = q.view().stride(2), item = std::int64_t(size_of(q.dtype()));
  const auto* at = static_cast<const char*>(q.view().pointer);
  bool parts = q.device().kind == Device::cpu;
  std::int64_t cols = 0;
  for (const Tensor* x : {&q, &k, &v}) {
    const View& view = *x;
    const Dims wanted{tokens * row, view.size(3), row, 1};
    parts = parts && x->impl()->storage.get() == q.impl()->storage.get() && view.pointer == at + cols * item &&
            view.size(2) == tokens && x->strides() == wanted;
    cols += view.size(1) * view.size(3);
  }
  if (!parts || cols != row)
    return {empty_heads(q, q.size(-1)), empty_heads(k, k.size(-1)), empty_heads(v, v.size(-1))};
  const Tensor all = empty({q.size(0), tokens, cols}, q.dtype());
  const std::int64_t of_q = q.size(1) * q.size(3), of_k = k.size(1) * k.size(3);
  return {view_of(all, q.shape(), q.strides()), view_of(all, k.shape(), k.strides(), of_q),
          view_of(all, v.shape(), v.strides(), of_q + of_k)};
}

void check_shapes(const Tensor& q, const Tensor& k, const Tensor& v) {
  check_float(kAttention, q);
  check_same_dtype(kAttention, {q, k, v});
  check_same_device(kAttention, {q, k, v});
  check(q.dim() >= 2 && k.dim() >= 2 && v.dim() >= 2,
        "{}: query, key and value must have at least 2 dimensions, got shapes {}, {} and {}", kAttention, q.shape(),
        k.shape(), v.shape());
  check(q.size(-1) == k.size(-1) && q.size(-1) > 0, "{}: query and key must have one head size, got shapes {} and {}",
        kAttention, q.shape(), k.shape());
  check(k.size(-2) == v.size(-2), "{}: key and value must have as many tokens, got shapes {} and {}", kAttention,
        k.shape(), v.shape());
  const std::int64_t largest = q.size(-1) > v.size(-1) ? q.size(-1) : v.size(-1);
  check(q.device().kind == Device::cpu || largest <= kMaxCudaHead,
        "{}: heads on a GPU have at most {} elements, got {}", kAttention, kMaxCudaHead, largest);
}

// The leading dimensions of query and of key and value, broadcast; the last of them may differ with grouped heads.
void broadcast_leading(const Tensor& q, const Tensor& k, const Tensor& v, bool grouped, Dims& query, Dims& key) {
  query = leading(q);
  key = broadcast_shapes(kAttention, leading(k), leading(v));
  if (!grouped) {
    query = key = broadcast_shapes(kAttention, query, key);
    return;
  }
  check(!query.empty() && !key.empty() && key[-1] > 0 && query[-1] % key[-1] == 0,
        "{}: with enable_gqa, query's heads must be a multiple of those of key and value, got shapes {}, {} and {}",
        kAttention, q.shape(), k.shape(), v.shape());
  const std::int64_t heads = query[-1], kv_heads = key[-1];
  query[-1] = key[-1] = 1;
  query = key = broadcast_shapes(kAttention, query, key);
  query[-1] = heads;
  key[-1] = kv_heads;
}

// The mask as kernels take it, seen with strides of 0 where it is broadcast.
Tensor prepared_mask(const Tensor& mask, const Tensor& q, const Dims& lead, std::int64_t queries, std::int64_t keys) {
  if (!mask.defined()) return mask;
  check_same_device(kAttention, {q, mask});
  check<TypeError>(mask.dtype() == DType::bool_ || mask.dtype() == q.dtype() || mask.dtype() == DType::float32,
                   "{}: attn_mask must be bool, float32 or query's dtype {}, got {}", kAttention, q.dtype(),
                   mask.dtype());
  Tensor plain = mask;
  if (mask.dtype() != DType::bool_) plain = to_dtype(plain, q.dtype());
  const Dims whole = joined(lead, queries, keys);
  check(plain.dim() <= whole.size() && broadcast_shapes(kAttention, plain.shape(), whole) == whole,
        "{}: attn_mask must broadcast to {}, got shape {}", kAttention, whole, mask.shape());
  return with_heads(expand(plain, whole), lead);
}

}  // namespace

Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& mask,
                                    double dropout_p, bool is_causal, std::optional<double> scale, bool enable_gqa) {
  check_shapes(query, key, value);
  check(dropout_p >= 0 && dropout_p <= 1, "{}: dropout_p must be in [0, 1], got {}", kAttention, dropout_p);
  Dims lead, kv_lead;
  broadcast_leading(query, key, value, enable_gqa, lead, kv_lead);
  const std::int64_t queries = query.size(-2), keys = key.size(-2), head_dim = query.size(-1),
                     value_dim = value.size(-1);
  const Tensor seen = prepared_mask(mask, query, lead, queries, keys);
  const Tensor q = with_heads(query, lead), k = with_heads(key, kv_lead), v = with_heads(value, kv_lead);
  const double factor = scale.value_or(1 / std::sqrt(double(head_dim)));
  if (grad_enabled() && seen.defined() && seen.requires_grad()) {
    const Tensor y = composed_attention(q, k, v, seen, dropout_p, is_causal, factor);
    return lead.size() == 2 ? y : reshape(y, joined(lead, queries, value_dim));
  }
  const Tensor rows_q = with_dense_rows(q), rows_k = with_dense_rows(k), rows_v = with_dense_rows(v);

  Philox stream{};
  if (dropout_p > 0) stream = default_generator().take(q.size(0) * q.size(1) * queries * ((keys + 7) / 8) * 4);
  AttentionInputs in{rows_q, rows_k, rows_v, optional_view(seen), factor, is_causal, dropout_p, stream};
  const Tensor y = empty_heads(q, value_dim);
  const Tensor lse = empty({q.size(0), q.size(1), queries}, compute_dtype(q.dtype()), q.device());
  scaled_dot_product_attention_on(q.device()).forward(in, y, lse);

  const Tensor result =
      record(kAttention, y, {q, k, v},
             [in, q = Saved(rows_q), k = Saved(rows_k), v = Saved(rows_v), y = Saved(y.detach()), lse,
              seen](const Tensor& dy) -> Gradients {
               const auto [dq, dk, dv] = empty_slopes(*q, *k, *v);
               scaled_dot_product_attention_on(dq.device()).backward(in, *y, lse, with_dense_rows(dy), dq, dk, dv);
               return {dq, dk, dv};
             });
  return lead.size() == 2 ? result : reshape(result, joined(lead, queries, value_dim));
}

}  // namespace tilestack
