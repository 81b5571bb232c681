#include "ops/scaled_dot_product_attention/attention_blocks.h"
#include "ops/scaled_dot_product_attention/attention_row.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr std::int64_t kRangeBlocks = 4;  // blocks of keys that one task of backward takes, if there are few
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

// x: (rows, cols), cols whole vectors; a factor for each row.
template <class C>
TILESTACK_INLINE void scale_rows(C* x, std::int64_t rows, std::int64_t cols, const Vec<C> (&factors)[kTileVectors]) {
  C factor[kQueries<C>];
  for (int v = 0; v < kTileVectors; ++v) store(factor + v * kLanes<C>, factors[v]);
  for (std::int64_t i = 0; i < rows; ++i, x += cols)
    for (std::int64_t j = 0; j < cols; j += kLanes<C>) store(x + j, load(x + j) * factor[i]);
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
  const KeyRows<T> k(in.k), v(in.v);
  const std::int64_t work = wide * (p.keys + 1) * (p.dim + p.value_dim);
  parallel_for(p.batch * p.heads * p.query_blocks, 1 + kTaskWork / work, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t dim_step = padded<C>(p.dim), value_step = padded<C>(p.value_dim);
    Scratch<C> rows(wide * dim_step), q(p.dim * wide), out(wide * value_step), scores(kKeys * wide);
    Turned<C> turned(in);
    clear(q.data, p.dim * wide);  // lanes without a query hold anything finite
    clear(scores.data, kKeys * wide);
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t head = task / p.query_blocks, first = task % p.query_blocks * wide;
      Block block{head / p.heads, head % p.heads, first, smaller(wide, p.queries - first), 0, 0};
      const std::int64_t kv = block.head / p.group, lanes = block.queries <= kLanes<C> ? kLanes<C> : wide;
      widen<T>({in.q, block.batch, block.head}, first, block.queries, p.dim, C(in.scale), rows, dim_step);
      transpose_tile<C>(rows, dim_step, q, wide, block.queries, p.dim);

      Online<C> softmax;
      const std::int64_t seen = p.keys_before(first + block.queries);
      if (seen == 0) clear(out.data, wide * value_step);
      for (; block.key < seen; block.key += p.block_keys) {
        block.keys = smaller(p.block_keys, seen - block.key);
        block_scores<T>(p, block, lanes, k.at(block.batch, kv, block.key), k.step, q.data, turned, scores.data);
        Vec<C> shrink[kTileVectors];
        softmax.add(block.keys, scores, shrink);
        if (in.dropout > 0) {
          draw_dropout<T>(p, block, turned);
          multiply_all<C>(scores, turned.columns, block.keys * wide);
        }
        if (block.key > 0) scale_rows<C>(out, block.queries, value_step, shrink);
        multiply<C>(block.queries, value_step, block.keys, scores, 1, wide, v.at(block.batch, kv, block.key), v.step,
                    out, value_step, block.key > 0);
      }

      C inverse[wide], logs[wide];
      for (int i = 0; i < kTileVectors; ++i) {
        const Vec<C> sum = softmax.sum[i], one = splat(C(1));
        store(inverse + i * kLanes<C>, sum == C(0) ? Vec<C>{} : one / sum);
        store(logs + i * kLanes<C>, sum == C(0) ? splat(kInfinity<C>) : softmax.top[i] + vlog(sum));
      }
      narrow<T>(out.data, value_step, inverse, 1, {y, block.batch, block.head}, first, block.queries, p.value_dim);
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
        dy_turned(kWide * value_dim) {
    clear(q_turned.data, kWide * dim);  // lanes without a query hold anything finite
    clear(dy_turned.data, kWide * value_dim);
  }

  void fetch(const Problem<T>& p, const Block& block, const View& y, const View& all_lse, const View& all_dy) {
    const Head<T> result(y, block.batch, block.head);
    widen<T>({p.in.q, block.batch, block.head}, block.query, block.queries, dim, C(p.in.scale), q.data, dim_step);
    widen<T>({all_dy, block.batch, block.head}, block.query, block.queries, value_dim, C(1), dy.data, value_step);
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
  const KeyRows<T> k(in.k), v(in.v);
  const std::int64_t least = blocks_of(blocks_of(p.keys, p.block_keys), kMaxRanges);
  const std::int64_t range = (least > kRangeBlocks ? least : kRangeBlocks) * p.block_keys;
  const std::int64_t ranges = p.keys ? blocks_of(p.keys, range) : 1, all_rows = p.batch * p.heads * p.queries;
  const bool partial = ranges > 1;
  const C scale = C(in.scale), one = 1;
  Scratch<C> parts(partial ? ranges * all_rows * p.dim : 1);

  parallel_for(p.batch * p.kv_heads * ranges, 1, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t dim_step = padded<C>(p.dim), value_step = padded<C>(p.value_dim);
    const std::int64_t most = smaller(range, p.keys);
    Scratch<C> keys_slope(most * dim_step), values_slope(most * value_step), scores(kKeys * wide), dp(kKeys * wide),
        dq_rows(wide * dim_step);
    Turned<C> turned(in);
    QueryBlock<T> queries(p.dim, p.value_dim);
    clear(scores.data, kKeys * wide);
    clear(dp.data, kKeys * wide);
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t head = task / ranges, batch = head / p.kv_heads, kv = head % p.kv_heads;
      const std::int64_t first = task % ranges * range, last = smaller(first + range, p.keys);
      clear(keys_slope.data, (last - first) * dim_step);
      clear(values_slope.data, (last - first) * value_step);
      for (std::int64_t number = 0; number < p.group * p.query_blocks; ++number) {
        const std::int64_t query = number % p.query_blocks * wide;
        Block block{batch, kv * p.group + number / p.query_blocks, query, smaller(wide, p.queries - query), first, 0};
        const std::int64_t lanes = block.queries <= kLanes<C> ? kLanes<C> : wide;
        const std::int64_t seen = smaller(last, p.keys_before(query + block.queries));
        block.key < seen ? queries.fetch(p, block, y, lse, dy) : clear(dq_rows.data, wide * dim_step);
        for (; block.key < seen; block.key += p.block_keys) {
          block.keys = smaller(p.block_keys, seen - block.key);
          const std::int64_t at = block.key - first;
          const C* key_rows = k.at(batch, kv, block.key);
          block_scores<T>(p, block, lanes, key_rows, k.step, queries.q_turned.data, turned, scores.data);
          multiply<C>(block.keys, lanes, p.value_dim, v.at(batch, kv, block.key), v.step, 1, queries.dy_turned, wide,
                      dp, wide, false);
          if (in.dropout > 0) draw_dropout<T>(p, block, turned);
          softmax_slopes<C>(block.keys, scores, dp, in.dropout > 0 ? turned.columns.data : nullptr, queries.lse,
                            queries.dots);
          multiply<C>(block.keys, value_step, block.queries, scores, wide, 1, queries.dy, value_step,
                      values_slope + at * value_step, value_step, true);
          multiply<C>(block.keys, dim_step, block.queries, dp, wide, 1, queries.q, dim_step, keys_slope + at * dim_step,
                      dim_step, true);
          multiply<C>(block.queries, dim_step, block.keys, dp, 1, wide, key_rows, k.step, dq_rows, dim_step,
                      block.key > first);
        }
        if (partial) {
          C* to = parts + (task % ranges * all_rows + (batch * p.heads + block.head) * p.queries + query) * p.dim;
          for (std::int64_t i = 0; i < block.queries; ++i)
            __builtin_memcpy(to + i * p.dim, dq_rows + i * dim_step, std::size_t(p.dim) * sizeof(C));
        } else {
          narrow<T>(dq_rows.data, dim_step, &scale, 0, {dq, batch, block.head}, query, block.queries, p.dim);
        }
      }
      narrow<T>(keys_slope.data, dim_step, &one, 0, {dk, batch, kv}, first, last - first, p.dim);
      narrow<T>(values_slope.data, value_step, &one, 0, {dv, batch, kv}, first, last - first, p.value_dim);
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
