#pragma once
// What the kernels of attention for GPUs share: their argument, what becomes of a score, and the dots of backward.
#include <cmath>

#include "cuda/philox.cuh"
#include "ops/scaled_dot_product_attention/scaled_dot_product_attention.h"

namespace tilestack::cuda {
namespace {

constexpr int kAttentionThreads = 128;

// (batch, heads, rows, cols), the columns side by side.
template <class T>
struct HeadRows {
  T* data;
  std::int64_t batch, head, row;

  explicit HeadRows(const View& x)
      : data(static_cast<T*>(x.pointer)),
        batch(x.shape[0] > 1 ? x.strides[0] : 0),
        head(x.shape[1] > 1 ? x.strides[1] : 0),
        row(x.shape[2] > 1 ? x.strides[2] : 0) {}
  __device__ __forceinline__ T* at(int b, int h, std::int64_t i = 0) const {
    return data + b * batch + h * head + i * row;
  }
  bool is_aligned() const { return gpu::is_aligned(data, 16) && batch % 8 == 0 && head % 8 == 0 && row % 8 == 0; }
};

struct HeadPlace {
  int batch, head;
};

// Without an index into registers.
__device__ __forceinline__ std::uint32_t word_of(const PhiloxWords& words, int i) {
  return i < 2 ? (i == 0 ? words.word[0] : words.word[1]) : (i == 2 ? words.word[2] : words.word[3]);
}

template <class T>
struct Attention {
  using C = Compute<T>;
  HeadRows<const T> q, k, v;
  const void* mask;
  std::int64_t mask_strides[4];
  gpu::Changing<Philox> stream;
  C scale, kept;
  std::uint32_t below;
  int batch, heads, kv_heads, queries, keys, dim, value_dim;
  bool mask_is_bool, causal, drops;

  explicit Attention(const AttentionInputs& in)
      : q(in.q),
        k(in.k),
        v(in.v),
        mask(in.mask.pointer),
        mask_strides{in.mask.strides[0], in.mask.strides[1], in.mask.strides[2], in.mask.strides[3]},
        stream(in.dropout > 0 ? gpu::changing(in.stream) : gpu::Changing<Philox>{in.stream, nullptr}),
        scale(static_cast<C>(in.scale)),
        kept(static_cast<C>(in.dropout < 1 ? 1 / (1 - in.dropout) : 0)),
        below(static_cast<std::uint32_t>(in.dropout * 65536 + 0.5)),
        batch(static_cast<int>(in.q.shape[0])),
        heads(static_cast<int>(in.q.shape[1])),
        kv_heads(static_cast<int>(in.k.shape[1])),
        queries(static_cast<int>(in.q.shape[2])),
        keys(static_cast<int>(in.k.shape[2])),
        dim(static_cast<int>(in.q.shape[3])),
        value_dim(static_cast<int>(in.v.shape[3])),
        mask_is_bool(in.mask.dtype == DType::bool_),
        causal(in.causal),
        drops(in.dropout > 0) {}

  int group() const { return heads / kv_heads; }
  __device__ __forceinline__ int kv_head(int head) const { return head / (heads / kv_heads); }
  // Keys that queries below `end` see.
  __device__ __forceinline__ int keys_before(int end) const { return causal && end < keys ? end : keys; }
  // Whether every score of these queries and keys is the plain product.
  __device__ __forceinline__ bool is_plain(int query, int last_key) const {
    return mask == nullptr && last_key < keys && !(causal && last_key > query);
  }
  __device__ __forceinline__ C score(C dot, HeadPlace at, int query, int key) const {
    constexpr C low = C(-__builtin_inf());
    if (key >= keys || query >= queries || (causal && key > query)) return low;
    const C s = dot * scale;
    if (mask == nullptr) return s;
    const std::int64_t i =
        at.batch * mask_strides[0] + at.head * mask_strides[1] + query * mask_strides[2] + key * mask_strides[3];
    if (mask_is_bool) return static_cast<const bool*>(mask)[i] ? s : low;
    return s + to_compute(static_cast<const T*>(mask)[i]);
  }
  // Of a row's 8 keys from 8 chunk on: each has half a word, the low ones first.
  __device__ __forceinline__ PhiloxWords draw(HeadPlace at, int query, int chunk) const {
    const Philox from = stream.get();
    const std::int64_t row = (std::int64_t(at.batch) * heads + at.head) * queries + query;
    return philox(from.seed, from.offset + static_cast<std::uint64_t>(row * ((keys + 7) / 8) + chunk));
  }
  // Whether dropout leaves a probability, which kept is the factor of then.
  __device__ __forceinline__ bool keeps(HeadPlace at, int query, int key) const {
    const std::uint32_t word = word_of(draw(at, query, key / 8), key % 8 / 2);
    return (key % 2 ? word >> 16 : word & 0xffffu) >= below;
  }
  __device__ __forceinline__ C factor(HeadPlace at, int query, int key) const {
    return drops ? (keeps(at, query, key) ? kept : C(0)) : C(1);
  }
};

// dots[row] = sum(dy y): one warp for each row of (batch, heads, queries).
template <class T>
__global__ void __launch_bounds__(kAttentionThreads)
    attention_dots_kernel(HeadRows<const T> y, HeadRows<const T> dy, Compute<T>* dots, int rows_of_head, int heads,
                          int cols, std::int64_t rows) {
  const std::int64_t row = gpu::global_thread() / 32;
  if (row >= rows) return;
  const std::int64_t head = row / rows_of_head;
  const int b = static_cast<int>(head / heads), h = static_cast<int>(head % heads);
  const T *a = y.at(b, h, row % rows_of_head), *d = dy.at(b, h, row % rows_of_head);
  Compute<T> sum = 0;
  for (int i = gpu::lane(); i < cols; i += 32) sum += to_compute(a[i]) * to_compute(d[i]);
  sum = warp_sum(sum);
  if (gpu::lane() == 0) dots[row] = sum;
}

// The gradients' part of the argument.
template <class T>
struct AttentionSlopes {
  HeadRows<const T> dy;
  const Compute<T>*lse, *dots;
};

}  // namespace
}  // namespace tilestack::cuda
