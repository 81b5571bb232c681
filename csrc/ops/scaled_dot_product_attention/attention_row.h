#pragma once
// Attention of a single query, which is a step of decoding. Lanes run along the head, as those of a block of queries
// would be nearly all empty, and float32 keys and values are read once, where they lie. Only
// scaled_dot_product_attention_cpu.cpp includes it.
#include <cmath>

#include "ops/scaled_dot_product_attention/attention_blocks.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr std::int64_t kRowWork = 1 << 16;  // products in one chunk
constexpr std::int64_t kRowsAhead = 16;     // of keys or values that are fetched early
constexpr int kRowVectors = 4;

// Heads are whole vectors.
TILESTACK_INLINE bool is_single_row(const AttentionInputs& in) {
  const std::int64_t sizes = in.q.shape[3] | in.v.shape[3];
  return in.q.shape[2] == 1 && sizes % kLanes<float> == 0 && !in.mask.defined() && in.dropout == 0;
}

struct FloatRows {
  const float* data;
  std::int64_t step;
  TILESTACK_INLINE const float* row(std::int64_t i) const { return data + i * step; }
};

// How rows of a dtype become floats, in place or in `space`, and how one of floats is written.
struct RowAccess {
  FloatRows (*read)(const View& x, const Block& block, float scale, float* space);
  void (*write)(const float* x, float scale, const View& y, const Block& block);
};

template <class T>
[[gnu::noinline]] FloatRows read_rows(const View& x, const Block& block, float scale, float* space) {
  const Head<T> head(x, block.batch, block.head);
  if constexpr (__is_same(T, float))
    if (scale == 1) return {head.row(block.key), head.step};
  widen<T>(head, block.key, block.keys, x.shape[3], scale, space, x.shape[3]);
  return {space, x.shape[3]};
}

template <class T>
[[gnu::noinline]] void write_row(const float* x, float scale, const View& y, const Block& block) {
  narrow<T>(x, y.shape[3], &scale, 0, {y, block.batch, block.head}, 0, 1, y.shape[3]);
}

// scores[j] = q k_j. Writes up to the next multiple of four.
[[gnu::noinline]] void row_scores(const float* q, FloatRows k, std::int64_t keys, std::int64_t dim, float* scores) {
#pragma GCC unroll 1
  for (std::int64_t j = 0; j < keys; j += 4) {
    VecF sum[4] = {};
#pragma GCC unroll 1
    for (std::int64_t d = 0; d < dim; d += kLanes<float>)
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        const float* from = k.row(smaller(j + i, keys - 1)) + d;
        __builtin_prefetch(from + kRowsAhead * k.step);
        sum[i] = fma(load(q + d), load(from), sum[i]);
      }
    const auto four = fold_lanes_of_four(sum, [](auto a, auto b) { return a + b; });
    __builtin_memcpy(scores + j, &four, sizeof four);
  }
}

// Scores become exp(scores - the largest), whose sum it returns; lse as in the contract.
[[gnu::noinline]] float row_softmax(float* scores, std::int64_t keys, float& lse) {
  constexpr int L = kLanes<float>;
  for (std::int64_t j = keys; j % L; ++j) scores[j] = -kInfinity<float>;
  VecF top = splat(-kInfinity<float>), total{};
#pragma GCC unroll 1
  for (std::int64_t j = 0; j < keys; j += L) {
    const VecF s = load(scores + j);
    top = s > top ? s : top;
  }
  const float high = fold_lanes(top, [](auto a, auto b) { return a > b ? a : b; });
  const float base = high == -kInfinity<float> ? 0 : high;
#pragma GCC unroll 1
  for (std::int64_t j = 0; j < keys; j += L) {
    const VecF e = vexp(load(scores + j) - base);
    total += e;
    store(scores + j, e);
  }
  const float sum = sum_lanes(total);
  lse = sum == 0 ? kInfinity<float> : base + std::log(sum);
  return sum;
}

// y += the sum of weights[j] v_j
[[gnu::noinline]] void row_values(const float* weights, FloatRows v, std::int64_t keys, std::int64_t dim, float* y) {
  constexpr int L = kLanes<float>;
#pragma GCC unroll 1
  for (std::int64_t d = 0; d < dim; d += kRowVectors * L) {
    const int vectors = int(smaller(kRowVectors, (dim - d) / L));
    VecF sum[kRowVectors] = {};
#pragma GCC unroll 1
    for (std::int64_t j = 0; j < keys; ++j)
#pragma GCC unroll 4
      for (int i = 0; i < kRowVectors; ++i) {
        if (i >= vectors) break;
        const float* from = v.row(j) + d + i * L;
        __builtin_prefetch(from + kRowsAhead * v.step);
        sum[i] = fma(splat(weights[j]), load(from), sum[i]);
      }
    for (int i = 0; i < vectors; ++i) store(y + d + i * L, load(y + d + i * L) + sum[i]);
  }
}

[[gnu::noinline]] void attend_row(const AttentionInputs& in, const View& y, const View& lse, const RowAccess& access) {
  const Problem<float> p(in);
  const std::int64_t keys = p.keys_before(1), work = (keys + 1) * (p.dim + p.value_dim);
  parallel_for(p.batch * p.heads, 1 + kRowWork / work, [&](std::int64_t begin, std::int64_t end) {
    Scratch<float> q(p.dim), sums(p.value_dim), scores(padded<float>(keys)), space(kKeys * (p.dim + p.value_dim));
    for (std::int64_t task = begin; task < end; ++task) {
      Block block{task / p.heads, task % p.heads, 0, 1, 0, 1};
      const FloatRows query = access.read(in.q, block, float(in.scale), q);
      const auto for_blocks = [&](const View& x, auto&& f) {
        Block rows{block.batch, block.head / p.group, 0, 1, 0, 0};
        for (; rows.key < keys; rows.key += kKeys) {
          rows.keys = smaller(kKeys, keys - rows.key);
          f(access.read(x, rows, 1, space), rows.keys, scores + rows.key);
        }
      };
      for_blocks(in.k, [&](FloatRows k, std::int64_t n, float* to) { row_scores(query.data, k, n, p.dim, to); });
      const float sum = row_softmax(scores, keys, lse.data<float>()[task]);
      for (std::int64_t d = 0; d < p.value_dim; ++d) sums[d] = 0;
      for_blocks(in.v, [&](FloatRows v, std::int64_t n, float* from) { row_values(from, v, n, p.value_dim, sums); });
      access.write(sums, sum == 0 ? 0 : 1 / sum, y, block);
    }
  });
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
