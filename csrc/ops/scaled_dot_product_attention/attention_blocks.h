#pragma once
// What both passes of attention are made of on the CPU. Only scaled_dot_product_attention_cpu.cpp includes it.
//
// Lanes are queries: scores stand as (keys, queries), so that maxima, sums and exp of softmax need no step across
// lanes, and what one product leaves is the right operand of the next.
#include "core/gemm/gemm.h"
#include "core/gemm/micro_kernel.h"
#include "core/philox_vec.h"
#include "core/rows.h"
#include "core/transpose.h"
#include "core/vec_math.h"
#include "ops/scaled_dot_product_attention/scaled_dot_product_attention.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr std::int64_t kKeys = 128;  // in a block, at most: scores of two passes through them stay in the first cache
template <class C>
constexpr std::int64_t kQueries = kTileCols<C>;
template <class C>
constexpr C kInfinity = FloatBits<C>::infinity;

TILESTACK_INLINE std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
TILESTACK_INLINE std::int64_t blocks_of(std::int64_t n, std::int64_t size) { return (n + size - 1) / size; }
template <class C>
TILESTACK_INLINE std::int64_t padded(std::int64_t n) {
  return blocks_of(n, kLanes<C>) * kLanes<C>;
}
template <class C>
TILESTACK_INLINE void clear(C* x, std::int64_t n) {
  __builtin_memset(x, 0, std::size_t(n) * sizeof(C));
}

// c = a b or, to resume, c += a b, with a(i, k) = a[i row_step + k a_step]. Of float64, for which the product core has
// no tiles to give.
template <int Rows>
void multiply_rows(std::int64_t depth, const double* a, std::int64_t row_step, std::int64_t a_step, const double* b,
                   std::int64_t b_step, double* c, std::int64_t c_step, bool resume) {
  Vec<double> sum[Rows] = {};
  for (std::int64_t k = 0; k < depth; ++k)
    for (int i = 0; i < Rows; ++i) sum[i] = fma(splat(a[i * row_step + k * a_step]), load(b + k * b_step), sum[i]);
  for (int i = 0; i < Rows; ++i) store(c + i * c_step, resume ? sum[i] + load(c + i * c_step) : sum[i]);
}

// c: (rows, cols), cols a multiple of a vector. a_step: between steps of depth; row_step: between rows of a.
template <class C>
void multiply(std::int64_t rows, std::int64_t cols, std::int64_t depth, const C* a, std::int64_t row_step,
              std::int64_t a_step, const C* b, std::int64_t b_step, C* c, std::int64_t c_step, bool resume) {
  if constexpr (sizeof(C) == 8) {
    for (std::int64_t j = 0; j < cols; j += kLanes<C>)
      for (std::int64_t i = 0; i < rows;) {
        const bool four = rows - i >= 4;
        (four ? multiply_rows<4> : multiply_rows<1>)(depth, a + i * row_step, row_step, a_step, b + j, b_step,
                                                     c + i * c_step + j, c_step, resume);
        i += four ? 4 : 1;
      }
  } else {
    if (rows == 0) return;
    const std::int64_t high = blocks_of(rows, blocks_of(rows, kTileRows));  // tiles of like height
    for (std::int64_t j = 0; j < cols; j += kTileCols<C>)
      for (std::int64_t i = 0; i < rows; i += high) {
        C* to = c + i * c_step + j;
        gemm.tile({smaller(high, rows - i), smaller(kTileCols<C>, cols - j), depth, depth, a + i * row_step, row_step,
                   a_step, b + j, b_step, to, c_step, resume ? to : nullptr, c_step});
      }
  }
}

// The rows of one head.
template <class T>
struct Head {
  T* data;
  std::int64_t step;
  TILESTACK_INLINE Head(const View& x, std::int64_t batch, std::int64_t head)
      : data(x.data<T>() + batch * x.strides[0] + head * x.strides[1]), step(x.strides[2]) {}
  TILESTACK_INLINE T* row(std::int64_t i) const { return data + i * step; }
};

// y = x scale in rows of the compute type, zero beyond the columns of x.
template <class T>
void widen(const Head<T>& x, std::int64_t first, std::int64_t rows, std::int64_t cols, Compute<T> scale, Compute<T>* y,
           std::int64_t y_step) {
  using C = Compute<T>;
  for (std::int64_t i = 0; i < rows; ++i) {
    const T* from = x.row(first + i);
    C* to = y + i * y_step;
    for_vectors<T>(cols, [&](std::int64_t j, auto part) { part.store(to + j, part.load(from + j) * scale); });
    for (std::int64_t j = cols; j < y_step; ++j) to[j] = 0;
  }
}

// y = x scale, row i of x scaled by scales[i scale_step].
template <class T>
void narrow(const Compute<T>* x, std::int64_t x_step, const Compute<T>* scales, std::int64_t scale_step,
            const Head<T>& y, std::int64_t first, std::int64_t rows, std::int64_t cols) {
  using C = Compute<T>;
  for (std::int64_t i = 0; i < rows; ++i) {
    const C *from = x + i * x_step, scale = scales[i * scale_step];
    T* to = y.row(first + i);
    for_vectors<T>(cols, [&](std::int64_t j, auto part) { part.store(to + j, part.load(from + j) * scale); });
  }
}

// Sizes, and what the scores of a block are made of.
template <class T>
struct Problem {
  using C = Compute<T>;
  const AttentionInputs& in;
  std::int64_t batch, heads, kv_heads, group, queries, keys, dim, value_dim;
  std::int64_t block_keys, query_blocks;  // keys in a block: blocks are alike

  TILESTACK_INLINE explicit Problem(const AttentionInputs& in)
      : in(in),
        batch(in.q.shape[0]),
        heads(in.q.shape[1]),
        kv_heads(in.k.shape[1]),
        group(kv_heads ? heads / kv_heads : 1),
        queries(in.q.shape[2]),
        keys(in.k.shape[2]),
        dim(in.q.shape[3]),
        value_dim(in.v.shape[3]),
        block_keys(keys ? blocks_of(keys, blocks_of(keys, kKeys)) : kKeys),
        query_blocks(blocks_of(queries, kQueries<C>)) {}

  // Keys that queries below `end` see.
  TILESTACK_INLINE std::int64_t keys_before(std::int64_t end) const { return in.causal ? smaller(end, keys) : keys; }
};

// Keys [first, first + size) and queries [first, first + size) of one head.
struct Block {
  std::int64_t batch, head, query, queries, key, keys;
};

// A value for each query and key, brought into the order of the scores. For a mask or dropout.
template <class C>
struct Turned {
  static constexpr std::int64_t kStep = kKeys + 16;
  Scratch<C> rows, columns;
  TILESTACK_INLINE explicit Turned(const AttentionInputs& in)
      : rows(needed(in) ? kQueries<C> * kStep : 1), columns(needed(in) ? kKeys * kQueries<C> : 1) {
    if (needed(in)) clear(columns.data, kKeys * kQueries<C>);
  }
  TILESTACK_INLINE static bool needed(const AttentionInputs& in) { return in.mask.defined() || in.dropout > 0; }
  TILESTACK_INLINE void turn(const Block& block) {
    transpose_tile<C>(rows, kStep, columns, kQueries<C>, block.queries, block.keys);
  }
};

// n values of a mask, minus infinity for false.
template <class M, class C>
TILESTACK_INLINE void read_mask_row(const M* from, std::int64_t along, std::int64_t n, C* to) {
  static constexpr C values[] = {-kInfinity<C>, 0};  // a branch would often be mistaken
  for (std::int64_t j = 0; j < n; ++j) {
    if constexpr (__is_same(M, bool)) {
      to[j] = values[from[j * along]];
    } else {
      to[j] = convert<C>(from[j * along]);
    }
  }
}

// mask(query, key) of the first `queries` of a block.
template <class M, class C>
void read_mask(const View& mask, const Block& block, std::int64_t queries, C* rows, std::int64_t step) {
  const M* from = mask.data<M>() + block.batch * mask.strides[0] + block.head * mask.strides[1] +
                  block.query * mask.strides[2] + block.key * mask.strides[3];
  for (std::int64_t i = 0; i < queries; ++i, from += mask.strides[2], rows += step)
    mask.strides[3] == 1 ? read_mask_row(from, 1, block.keys, rows)
                         : read_mask_row(from, mask.strides[3], block.keys, rows);
}

template <class T>
void add_mask(const View& mask, const Block& block, Turned<Compute<T>>& turned, Compute<T>* scores) {
  using C = Compute<T>;
  const bool alike = mask.strides[2] == 0;  // one row for all queries
  const std::int64_t queries = alike ? 1 : block.queries;
  if (mask.dtype == DType::bool_) {
    read_mask<bool>(mask, block, queries, turned.rows.data, Turned<C>::kStep);
  } else {
    read_mask<T>(mask, block, queries, turned.rows.data, Turned<C>::kStep);
  }
  if (!alike) turned.turn(block);
  for (std::int64_t j = 0; j < block.keys; ++j)
    for (std::int64_t i = j * kQueries<C>; i < (j + 1) * kQueries<C>; i += kLanes<C>)
      store(scores + i, load(scores + i) + (alike ? splat(turned.rows.data[j]) : load(turned.columns.data + i)));
}

// Factors 0 and 1 / (1 - p).
template <class T>
void draw_dropout(const Problem<T>& p, const Block& block, Turned<Compute<T>>& turned) {
  using C = Compute<T>;
  const auto below = std::uint32_t(p.in.dropout * 65536 + 0.5);
  const C kept = C(p.in.dropout < 1 ? 1 / (1 - p.in.dropout) : 0);
  const std::int64_t counters = (p.keys + 7) / 8;
  for (std::int64_t i = 0; i < block.queries; ++i) {
    const std::int64_t row = (block.batch * p.heads + block.head) * p.queries + block.query + i;
    C* to = turned.rows.data + i * Turned<C>::kStep;
    std::int64_t group = -1;
    std::uint32_t words[kPhiloxGroup];
    for (std::int64_t j = 0; j < block.keys; ++j) {
      const std::int64_t key = block.key + j, counter = row * counters + key / 8;
      if (counter / 16 != group) philox_group(p.in.stream, group = counter / 16, words);
      const std::uint32_t word = words[16 * (key % 8 / 2) + counter % 16];
      to[j] = (key % 2 ? word >> 16 : word & 0xffffu) >= below ? kept : C(0);
    }
  }
  turned.turn(block);
}

// scores (keys, queries) of a block. k: (keys, head_dim)   q: (head_dim, queries), times the scale.
template <class T>
void block_scores(const Problem<T>& p, const Block& block, std::int64_t lanes, const Compute<T>* k, std::int64_t k_step,
                  const Compute<T>* q, Turned<Compute<T>>& turned, Compute<T>* scores) {
  using C = Compute<T>;
  multiply<C>(block.keys, lanes, p.dim, k, k_step, 1, q, kQueries<C>, scores, kQueries<C>, false);
  if (p.in.mask.defined()) add_mask<T>(p.in.mask, block, turned, scores);
  if (!p.in.causal || block.key + block.keys <= block.query + 1) return;
  for (std::int64_t j = 0; j < block.keys; ++j) {
    const std::int64_t unseen = block.key + j - block.query;  // queries before the key
    for (int v = 0; v < kTileVectors && unseen > v * kLanes<C>; ++v) {
      C* at = scores + j * kQueries<C> + v * kLanes<C>;
      const std::int64_t n = smaller(unseen - v * kLanes<C>, kLanes<C>);
      const Vec<C> low = splat(-kInfinity<C>), high = first_lanes<C>(low, n, C(0));
      store(at, high == low ? low : load(at));
    }
  }
}

// The heads of k or v as rows of the compute type, in whole vectors: where they lie if they are such, unless the rows
// of a tile would fall into a few sets of the first cache.
template <class T>
struct KeyRows {
  using C = Compute<T>;
  const View& x;
  const bool in_place;
  const std::int64_t step;
  Scratch<C> copy;
  TILESTACK_INLINE explicit KeyRows(const View& x)
      : x(x),
        in_place(lie_well(x)),
        step(in_place ? x.strides[2] : padded<C>(x.shape[3])),
        copy(in_place ? 1 : x.shape[0] * x.shape[1] * x.shape[2] * step) {
    if (in_place) return;
    const std::int64_t heads = x.shape[1], rows = x.shape[2];
    parallel_rows(x.shape[0] * heads * rows, step, [&](std::int64_t row) {
      const std::int64_t head = row / rows;
      widen<T>({x, head / heads, head % heads}, row % rows, 1, x.shape[3], C(1), copy + row * step, step);
    });
  }
  TILESTACK_INLINE static bool lie_well(const View& x) {
    constexpr std::int64_t crowded = 1024 / sizeof(T);
    return __is_same(T, C) && x.shape[3] % kLanes<C> == 0 &&
           (x.strides[2] == x.shape[3] || x.strides[2] % crowded != 0);
  }
  TILESTACK_INLINE const C* at(std::int64_t batch, std::int64_t head, std::int64_t row) const {
    if (in_place) return static_cast<const C*>(x.pointer) + batch * x.strides[0] + head * x.strides[1] + row * step;
    return copy + ((batch * x.shape[1] + head) * x.shape[2] + row) * step;
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
