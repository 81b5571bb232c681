#include "ops/scaled_dot_product_attention/attention_blocks.h"
#include "ops/scaled_dot_product_attention/attention_row.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr std::int64_t kRangeBlocks = 6;  // blocks of keys that one task of backward takes, if there are few
constexpr std::int64_t kMaxRanges = 8;
constexpr std::int64_t kTaskWork = 1 << 20;  // products in one chunk

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
        block.keys = smaller(kKeys, seen - block.key);
        const C* kt = k + ((block.batch * p.kv_heads + kv) * p.key_blocks + block.key / kKeys) * kKeys * p.dim;
        block_scores<T>(p, block, lanes, kt, q.data, turned, scores.data);
        Vec<C> shrink[kTileVectors];
        softmax.add(block.keys, scores, shrink);
        if (in.dropout > 0) {
          draw_dropout<T>(p, block, turned);
          multiply_all<C>(scores, turned.columns, block.keys * wide);
        }
        if (block.key > 0) scale_columns<C>(out, p.value_dim, shrink);
        multiply<C>(p.value_dim, lanes, block.keys, v.head(block.batch, kv) + block.key * p.value_dim, 1, p.value_dim,
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
          block.keys = smaller(kKeys, seen - block.key);
          const std::int64_t place = head * p.key_blocks + block.key / kKeys, at = block.key - first;
          block_scores<T>(p, block, lanes, turned_k + place * kKeys * p.dim, queries.q_turned.data, turned,
                          scores.data);
          multiply<C>(block.keys, lanes, p.value_dim, turned_v + place * kKeys * p.value_dim, 1, kKeys,
                      queries.dy_turned, wide, dp, wide, false);
          if (in.dropout > 0) draw_dropout<T>(p, block, turned);
          softmax_slopes<C>(block.keys, scores, dp, in.dropout > 0 ? turned.columns.data : nullptr, queries.lse,
                            queries.dots);
          multiply<C>(block.keys, value_step, block.queries, scores, wide, 1, queries.dy, value_step,
                      values_slope + at * value_step, value_step, true);
          multiply<C>(block.keys, dim_step, block.queries, dp, wide, 1, queries.q, dim_step, keys_slope + at * dim_step,
                      dim_step, true);
          multiply<C>(p.dim, lanes, block.keys, k.head(batch, kv) + block.key * p.dim, 1, p.dim, dp, wide, dq_turned,
                      wide, true);
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
  visit_float(in.q.dtype, [&]<class T>() {
    if constexpr (sizeof(T) <= 4)
      if (is_single_row(in)) return attend_row(in, y, lse, {read_rows<T>, write_row<T>});
    attend<T>(in, y, lse);
  });
}

void backward(const AttentionInputs& in, View y, View lse, View dy, View dq, View dk, View dv) {
  visit_float(in.q.dtype, [&]<class T>() { attend_backward<T>(in, y, lse, dy, dq, dk, dv); });
}

}  // namespace
constinit const ScaledDotProductAttentionKernels scaled_dot_product_attention = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
