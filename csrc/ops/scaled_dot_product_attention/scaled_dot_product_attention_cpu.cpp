#include "ops/scaled_dot_product_attention/scaled_dot_product_attention.h"

#include "core/gemm/micro_kernel.h"
#include "core/philox_vec.h"
#include "core/rows.h"
#include "core/transpose.h"
#include "core/vec_math.h"

// Lanes are queries: scores stand as (keys, queries), so that maxima, sums and exp of softmax need no step across
// lanes, and what one product leaves is the right operand of the next.
namespace tilestack::TILESTACK_ISA {
namespace {

constexpr std::int64_t kKeys = 84;        // in a block: a multiple of every kTileRows
constexpr std::int64_t kRangeBlocks = 6;  // blocks of keys that one task of backward takes, if there are few
constexpr std::int64_t kMaxRanges = 8;
constexpr std::int64_t kTaskWork = 1 << 20;  // products in one chunk
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

// c = a b or, to resume, c += a b, with a(i, k) = a[i RowStep + k a_step].
template <class C, int RowStep, int Rows, int Vectors>
void multiply_rows(std::int64_t depth, const C* a, std::int64_t a_step, const C* b, std::int64_t b_step, C* c,
                   std::int64_t c_step, bool resume) {
  Vec<C> sum[Rows][Vectors] = {};
#pragma GCC unroll 4
  for (std::int64_t k = 0; k < depth; ++k) {
    Vec<C> row[Vectors];
    for (int v = 0; v < Vectors; ++v) row[v] = load(b + v * kLanes<C>);
    for (int i = 0; i < Rows; ++i)
      for (int v = 0; v < Vectors; ++v) sum[i][v] = fma(splat(a[i * RowStep]), row[v], sum[i][v]);
    a += a_step;
    b += b_step;
  }
  for (int i = 0; i < Rows; ++i)
    for (int v = 0; v < Vectors; ++v) {
      C* at = c + i * c_step + v * kLanes<C>;
      store(at, resume ? sum[i][v] + load(at) : sum[i][v]);
    }
}

template <class C>
using RowsKernel = void (*)(std::int64_t, const C*, std::int64_t, const C*, std::int64_t, C*, std::int64_t, bool);

template <class C, int RowStep, int... I>
TILESTACK_INLINE RowsKernel<C> pick_rows_kernel(std::int64_t rows, bool narrow, std::integer_sequence<int, I...>) {
  static constexpr RowsKernel<C> kernels[2][kTileRows] = {{multiply_rows<C, RowStep, I + 1, kTileVectors>...},
                                                          {multiply_rows<C, RowStep, I + 1, 1>...}};
  return kernels[narrow][rows - 1];
}

// c: (rows, cols), cols a multiple of a vector.
template <class C, int RowStep = 1>
void multiply(std::int64_t rows, std::int64_t cols, std::int64_t depth, const C* a, std::int64_t a_step, const C* b,
              std::int64_t b_step, C* c, std::int64_t c_step, bool resume) {
  if (rows == 0) return;
  const std::int64_t high = blocks_of(rows, blocks_of(rows, kTileRows));  // tiles of like height
  for (std::int64_t j = 0; j < cols; j += kTileCols<C>)
    for (std::int64_t i = 0; i < rows; i += high) {
      const RowsKernel<C> kernel = pick_rows_kernel<C, RowStep>(smaller(high, rows - i), cols - j <= kLanes<C>,
                                                                std::make_integer_sequence<int, kTileRows>());
      kernel(depth, a + i * RowStep, a_step, b + j, b_step, c + i * c_step + j, c_step, resume);
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

template <class T>
void narrow(const Compute<T>* x, std::int64_t x_step, Compute<T> scale, const Head<T>& y, std::int64_t first,
            std::int64_t rows, std::int64_t cols) {
  using C = Compute<T>;
  for (std::int64_t i = 0; i < rows; ++i) {
    const C* from = x + i * x_step;
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
  std::int64_t key_blocks, query_blocks;

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
        key_blocks(blocks_of(keys, kKeys)),
        query_blocks(blocks_of(queries, kQueries<C>)) {}

  // Keys that queries below `end` see.
  TILESTACK_INLINE std::int64_t keys_before(std::int64_t end) const { return in.causal ? smaller(end, keys) : keys; }
};

// Keys [first, first + size) and queries [first, first + size) of one head.
struct Block {
  std::int64_t batch, head, query, queries, key, keys;
};

// A value for each query and key, brought into the order of the scores.
template <class C>
struct Turned {
  static constexpr std::int64_t kStep = kKeys + 16;
  Scratch<C> rows, columns;
  TILESTACK_INLINE Turned() : rows(kQueries<C> * kStep), columns(kKeys * kQueries<C>) {
    for (std::int64_t i = 0; i < kKeys * kQueries<C>; ++i) columns[i] = 0;
  }
  TILESTACK_INLINE void turn(const Block& block) {
    transpose_tile<C>(rows, kStep, columns, kQueries<C>, block.queries, block.keys);
  }
};

// mask(query, key), minus infinity for false.
template <class M, class C>
void read_mask(const View& mask, const Block& block, C* rows, std::int64_t step) {
  const M* head = mask.data<M>() + block.batch * mask.strides[0] + block.head * mask.strides[1];
  const std::int64_t along = mask.strides[3];
  for (std::int64_t i = 0; i < block.queries; ++i) {
    const M* from = head + (block.query + i) * mask.strides[2] + block.key * along;
    for (std::int64_t j = 0; j < block.keys; ++j) {
      if constexpr (__is_same(M, bool)) {
        rows[i * step + j] = from[j * along] ? C(0) : -kInfinity<C>;
      } else {
        rows[i * step + j] = convert<C>(from[j * along]);
      }
    }
  }
}

template <class T>
void add_mask(const View& mask, const Block& block, Turned<Compute<T>>& turned, Compute<T>* scores) {
  using C = Compute<T>;
  if (mask.dtype == DType::bool_) {
    read_mask<bool>(mask, block, turned.rows.data, Turned<C>::kStep);
  } else {
    read_mask<T>(mask, block, turned.rows.data, Turned<C>::kStep);
  }
  turned.turn(block);
  for (std::int64_t i = 0; i < block.keys * kQueries<C>; i += kLanes<C>)
    store(scores + i, load(scores + i) + load(turned.columns.data + i));
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

// scores (keys, queries) of a block. k: (head_dim, kKeys)   q: (head_dim, queries), times the scale.
template <class T>
void block_scores(const Problem<T>& p, const Block& block, std::int64_t lanes, const Compute<T>* k, const Compute<T>* q,
                  Turned<Compute<T>>& turned, Compute<T>* scores) {
  using C = Compute<T>;
  multiply<C>(block.keys, lanes, p.dim, k, kKeys, q, kQueries<C>, scores, kQueries<C>, false);
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

// Every head of k or v once in the compute type: (batch, kv_heads, blocks, cols, kKeys), or rows as they are.
template <class T>
void turn_keys(const View& x, Compute<T>* y) {
  using C = Compute<T>;
  const std::int64_t heads = x.shape[1], keys = x.shape[2], cols = x.shape[3], blocks = blocks_of(keys, kKeys);
  parallel_for(
      x.shape[0] * heads * blocks, 1 + kElementGrain / (kKeys * cols), [&](std::int64_t begin, std::int64_t end) {
        Scratch<C> rows(kKeys * cols);
        for (std::int64_t task = begin; task < end; ++task) {
          const std::int64_t first = task % blocks * kKeys, n = smaller(kKeys, keys - first), head = task / blocks;
          widen<T>({x, head / heads, head % heads}, first, n, cols, C(1), rows, cols);
          transpose_tile<C>(rows, cols, y + task * cols * kKeys, kKeys, n, cols);
        }
      });
}

// A tensor's heads as dense rows of the compute type: in place where they are so.
template <class T>
struct DenseHeads {
  using C = Compute<T>;
  const View& x;
  const bool in_place;
  Scratch<C> copy;
  TILESTACK_INLINE explicit DenseHeads(const View& x)
      : x(x), in_place(__is_same(T, C) && x.strides[2] == x.shape[3]), copy(in_place ? 1 : x.numel()) {
    if (in_place) return;
    const std::int64_t heads = x.shape[1], rows = x.shape[2], cols = x.shape[3];
    parallel_rows(x.shape[0] * heads * rows, cols, [&](std::int64_t row) {
      const std::int64_t head = row / rows;
      widen<T>({x, head / heads, head % heads}, row % rows, 1, cols, C(1), copy + row * cols, cols);
    });
  }
  TILESTACK_INLINE const C* head(std::int64_t batch, std::int64_t head) const {
    if (in_place) return static_cast<const C*>(x.pointer) + batch * x.strides[0] + head * x.strides[1];
    return copy + (batch * x.shape[1] + head) * x.shape[2] * x.shape[3];
  }
};

// Softmax of the queries of a block, key block by key block.
template <class C>
struct Online {
  Vec<C> top[kTileVectors], sum[kTileVectors];
  TILESTACK_INLINE Online() {
    for (int v = 0; v < kTileVectors; ++v) {
      top[v] = splat(-kInfinity<C>);
      sum[v] = Vec<C>{};
    }
  }
  // scores become exp(scores - top); what was summed before is to be scaled by `shrink`. NaN comes out by way of exp.
  TILESTACK_INLINE void add(std::int64_t keys, C* scores, Vec<C> (&shrink)[kTileVectors]) {
    for (int v = 0; v < kTileVectors; ++v) {
      Vec<C> high = top[v];
      for (std::int64_t j = 0; j < keys; ++j) {
        const Vec<C> s = load(scores + j * kQueries<C> + v * kLanes<C>);
        high = s > high ? s : high;
      }
      const Vec<C> base = high == -kInfinity<C> ? Vec<C>{} : high;
      shrink[v] = vexp(top[v] - base);
      top[v] = high;
      Vec<C> total{};
      for (std::int64_t j = 0; j < keys; ++j) {
        C* at = scores + j * kQueries<C> + v * kLanes<C>;
        const Vec<C> e = vexp(load(at) - base);
        total += e;
        store(at, e);
      }
      sum[v] = sum[v] * shrink[v] + total;
    }
  }
};

template <class C>
TILESTACK_INLINE void scale_columns(C* x, std::int64_t rows, const Vec<C> (&factor)[kTileVectors]) {
  for (std::int64_t i = 0; i < rows; ++i)
    for (int v = 0; v < kTileVectors; ++v) {
      C* at = x + i * kQueries<C> + v * kLanes<C>;
      store(at, load(at) * factor[v]);
    }
}

template <class C>
TILESTACK_INLINE void multiply_all(C* x, const C* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i += kLanes<C>) store(x + i, load(x + i) * load(y + i));
}

template <class T>
void attend(const AttentionInputs& in, const View& y, const View& lse) {
  using C = Compute<T>;
  constexpr std::int64_t wide = kQueries<C>;
  const Problem<T> p(in);
  Scratch<C> k(p.batch * p.kv_heads * p.key_blocks * kKeys * p.dim);
  turn_keys<T>(in.k, k.data);
  const DenseHeads<T> v(in.v);
  const std::int64_t work = wide * (p.keys + 1) * (p.dim + p.value_dim);
  parallel_for(p.batch * p.heads * p.query_blocks, 1 + kTaskWork / work, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t dim_step = padded<C>(p.dim), value_step = padded<C>(p.value_dim);
    Scratch<C> rows(wide * (dim_step > value_step ? dim_step : value_step)), q(p.dim * wide), out(p.value_dim * wide),
        scores(kKeys * wide);
    Turned<C> turned;
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t head = task / p.query_blocks, first = task % p.query_blocks * wide;
      Block block{head / p.heads, head % p.heads, first, smaller(wide, p.queries - first), 0, 0};
      const std::int64_t kv = block.head / p.group, lanes = block.queries <= kLanes<C> ? kLanes<C> : wide;
      widen<T>({in.q, block.batch, block.head}, first, block.queries, p.dim, C(in.scale), rows, dim_step);
      for (std::int64_t i = 0; i < p.dim * wide; ++i) q[i] = 0;
      transpose_tile<C>(rows, dim_step, q, wide, block.queries, p.dim);
      for (std::int64_t i = 0; i < p.value_dim * wide; ++i) out[i] = 0;
      for (std::int64_t i = 0; i < kKeys * wide; ++i) scores[i] = 0;

      Online<C> softmax;
      const std::int64_t seen = p.keys_before(first + block.queries);
      for (; block.key < seen; block.key += kKeys) {
        block.keys = smaller(kKeys, p.keys - block.key);
        const C* kt = k + ((block.batch * p.kv_heads + kv) * p.key_blocks + block.key / kKeys) * kKeys * p.dim;
        block_scores<T>(p, block, lanes, kt, q.data, turned, scores.data);
        Vec<C> shrink[kTileVectors];
        softmax.add(block.keys, scores, shrink);
        if (in.dropout > 0) {
          draw_dropout<T>(p, block, turned);
          multiply_all<C>(scores, turned.columns, block.keys * wide);
        }
        if (block.key > 0) scale_columns<C>(out, p.value_dim, shrink);
        multiply<C>(p.value_dim, lanes, block.keys, v.head(block.batch, kv) + block.key * p.value_dim, p.value_dim,
                    scores, wide, out, wide, block.key > 0);
      }

      Vec<C> inverse[kTileVectors];
      C logs[wide];
      for (int i = 0; i < kTileVectors; ++i) {
        const Vec<C> sum = softmax.sum[i], one = splat(C(1));
        inverse[i] = sum == C(0) ? Vec<C>{} : one / sum;
        store(logs + i * kLanes<C>, sum == C(0) ? splat(kInfinity<C>) : softmax.top[i] + vlog(sum));
      }
      scale_columns<C>(out, p.value_dim, inverse);
      transpose_tile<C>(out, wide, rows, value_step, p.value_dim, wide);
      narrow<T>(rows.data, value_step, C(1), {y, block.batch, block.head}, first, block.queries, p.value_dim);
      __builtin_memcpy(lse.data<C>() + head * p.queries + first, logs, std::size_t(block.queries) * sizeof(C));
    }
  });
}

// The queries of a block as backward needs them.
template <class T>
struct QueryBlock {
  using C = Compute<T>;
  static constexpr std::int64_t kWide = kQueries<C>;
  const std::int64_t dim, value_dim, dim_step, value_step;
  Scratch<C> q, q_turned, dy, dy_turned;
  C lse[kWide], dots[kWide];  // dots: sum(dy y)

  TILESTACK_INLINE QueryBlock(std::int64_t dim, std::int64_t value_dim)
      : dim(dim),
        value_dim(value_dim),
        dim_step(padded<C>(dim)),
        value_step(padded<C>(value_dim)),
        q(kWide * dim_step),
        q_turned(kWide * dim),
        dy(kWide * value_step),
        dy_turned(kWide * value_dim) {}

  void fetch(const Problem<T>& p, const Block& block, const View& y, const View& all_lse, const View& all_dy) {
    const Head<T> result(y, block.batch, block.head);
    widen<T>({p.in.q, block.batch, block.head}, block.query, block.queries, dim, C(p.in.scale), q.data, dim_step);
    widen<T>({all_dy, block.batch, block.head}, block.query, block.queries, value_dim, C(1), dy.data, value_step);
    for (std::int64_t i = 0; i < kWide * dim; ++i) q_turned[i] = 0;
    for (std::int64_t i = 0; i < kWide * value_dim; ++i) dy_turned[i] = 0;
    transpose_tile<C>(q, dim_step, q_turned, kWide, block.queries, dim);
    transpose_tile<C>(dy, value_step, dy_turned, kWide, block.queries, value_dim);
    const C* logs = all_lse.data<C>() + (block.batch * p.heads + block.head) * p.queries + block.query;
    for (std::int64_t i = 0; i < kWide; ++i) {
      const bool inside = i < block.queries;
      lse[i] = inside ? logs[i] : kInfinity<C>;
      dots[i] = 0;
      if (!inside) continue;
      const T* row = result.row(block.query + i);
      const C* slope = dy + i * value_step;
      dots[i] =
          sum_row<T>(value_dim, [&](std::int64_t j, auto part) { return part.load(row + j) * part.load(slope + j); });
    }
  }
};

// p = exp(scores - lse), dropped;   ds = exp(scores - lse) (dp - dots), in place of scores and dp.
template <class C>
void softmax_slopes(std::int64_t keys, C* scores, C* dp, const C* factor, const C* lse, const C* dots) {
  for (int v = 0; v < kTileVectors; ++v) {
    const Vec<C> base = load(lse + v * kLanes<C>), dot = load(dots + v * kLanes<C>);
    for (std::int64_t j = 0; j < keys; ++j) {
      const std::int64_t at = j * kQueries<C> + v * kLanes<C>;
      const Vec<C> e = vexp(load(scores + at) - base), z = factor ? load(factor + at) : splat(C(1));
      store(scores + at, e * z);
      store(dp + at, e * (load(dp + at) * z - dot));
    }
  }
}

// A task takes a range of keys of one head of k and v, and every query of the heads that read them: dk and dv grow in
// memory of its own, dq of each block of queries in the first cache. Where there are several ranges, each leaves its
// part of dq beside, and these are summed in order.
template <class T>
void attend_backward(const AttentionInputs& in, const View& y, const View& lse, const View& dy, const View& dq,
                     const View& dk, const View& dv) {
  using C = Compute<T>;
  constexpr std::int64_t wide = kQueries<C>;
  constexpr int kRow = int(wide);
  const Problem<T> p(in);
  Scratch<C> turned_k(p.batch * p.kv_heads * p.key_blocks * kKeys * p.dim),
      turned_v(p.batch * p.kv_heads * p.key_blocks * kKeys * p.value_dim);
  turn_keys<T>(in.k, turned_k.data);
  turn_keys<T>(in.v, turned_v.data);
  const DenseHeads<T> k(in.k);
  const std::int64_t least = blocks_of(p.key_blocks, kMaxRanges);
  const std::int64_t range = (least > kRangeBlocks ? least : kRangeBlocks) * kKeys;
  const std::int64_t ranges = p.keys ? blocks_of(p.keys, range) : 1, all_rows = p.batch * p.heads * p.queries;
  const bool partial = ranges > 1;
  Scratch<C> parts(partial ? ranges * all_rows * p.dim : 1);

  parallel_for(p.batch * p.kv_heads * ranges, 1, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t dim_step = padded<C>(p.dim), value_step = padded<C>(p.value_dim);
    const std::int64_t most = smaller(range, p.key_blocks * kKeys);
    Scratch<C> keys_slope(most * dim_step), values_slope(most * value_step), scores(kKeys * wide), dp(kKeys * wide),
        dq_turned(p.dim * wide), dq_rows(wide * dim_step);
    Turned<C> turned;
    QueryBlock<T> queries(p.dim, p.value_dim);
    for (std::int64_t i = 0; i < kKeys * wide; ++i) scores[i] = dp[i] = 0;
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t head = task / ranges, batch = head / p.kv_heads, kv = head % p.kv_heads;
      const std::int64_t first = task % ranges * range, last = smaller(first + range, p.keys);
      for (std::int64_t i = 0; i < (last - first) * dim_step; ++i) keys_slope[i] = 0;
      for (std::int64_t i = 0; i < (last - first) * value_step; ++i) values_slope[i] = 0;
      for (std::int64_t number = 0; number < p.group * p.query_blocks; ++number) {
        const std::int64_t query = number % p.query_blocks * wide;
        Block block{batch, kv * p.group + number / p.query_blocks, query, smaller(wide, p.queries - query), first, 0};
        const std::int64_t lanes = block.queries <= kLanes<C> ? kLanes<C> : wide;
        const std::int64_t seen = smaller(last, p.keys_before(query + block.queries));
        for (std::int64_t i = 0; i < p.dim * wide; ++i) dq_turned[i] = 0;
        if (block.key < seen) queries.fetch(p, block, y, lse, dy);
        for (; block.key < seen; block.key += kKeys) {
          block.keys = smaller(kKeys, last - block.key);
          const std::int64_t place = head * p.key_blocks + block.key / kKeys, at = block.key - first;
          block_scores<T>(p, block, lanes, turned_k + place * kKeys * p.dim, queries.q_turned.data, turned,
                          scores.data);
          multiply<C>(block.keys, lanes, p.value_dim, turned_v + place * kKeys * p.value_dim, kKeys, queries.dy_turned,
                      wide, dp, wide, false);
          if (in.dropout > 0) draw_dropout<T>(p, block, turned);
          softmax_slopes<C>(block.keys, scores, dp, in.dropout > 0 ? turned.columns.data : nullptr, queries.lse,
                            queries.dots);
          multiply<C, kRow>(block.keys, value_step, block.queries, scores, 1, queries.dy, value_step,
                            values_slope + at * value_step, value_step, true);
          multiply<C, kRow>(block.keys, dim_step, block.queries, dp, 1, queries.q, dim_step, keys_slope + at * dim_step,
                            dim_step, true);
          multiply<C>(p.dim, lanes, block.keys, k.head(batch, kv) + block.key * p.dim, p.dim, dp, wide, dq_turned, wide,
                      true);
        }
        transpose_tile<C>(dq_turned, wide, dq_rows, dim_step, p.dim, wide);
        if (partial) {
          C* to = parts + (task % ranges * all_rows + (batch * p.heads + block.head) * p.queries + query) * p.dim;
          for (std::int64_t i = 0; i < block.queries; ++i)
            __builtin_memcpy(to + i * p.dim, dq_rows + i * dim_step, std::size_t(p.dim) * sizeof(C));
        } else {
          narrow<T>(dq_rows.data, dim_step, C(in.scale), {dq, batch, block.head}, query, block.queries, p.dim);
        }
      }
      narrow<T>(keys_slope.data, dim_step, C(1), {dk, batch, kv}, first, last - first, p.dim);
      narrow<T>(values_slope.data, value_step, C(1), {dv, batch, kv}, first, last - first, p.value_dim);
    }
  });
  if (!partial) return;
  parallel_rows(all_rows, p.dim * ranges, [&](std::int64_t row) {
    const std::int64_t head = row / p.queries;
    T* to = Head<T>(dq, head / p.heads, head % p.heads).row(row % p.queries);
    for_vectors<T>(p.dim, [&](std::int64_t j, auto part) {
      Vec<C> sum{};
      for (std::int64_t i = 0; i < ranges; ++i) sum += part.load(parts + (i * all_rows + row) * p.dim + j);
      part.store(to + j, sum * C(in.scale));
    });
  });
}

void forward(const AttentionInputs& in, View y, View lse) {
  visit_float(in.q.dtype, [&]<class T>() { attend<T>(in, y, lse); });
}

void backward(const AttentionInputs& in, View y, View lse, View dy, View dq, View dk, View dv) {
  visit_float(in.q.dtype, [&]<class T>() { attend_backward<T>(in, y, lse, dy, dq, dk, dv); });
}

}  // namespace
constinit const ScaledDotProductAttentionKernels scaled_dot_product_attention = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
