#pragma once
// Reductions over any set of axes, for kernel files. A reduction is seen as kept x reduced positions in memory order,
// and runs over contiguous rows (the innermost axis is reduced) or over contiguous columns (it is kept). Work is cut by
// shape alone and partial results are combined in order, so results do not depend on the number of threads.
#include "core/reduce_plan.h"
#include "core/rows.h"
#include "core/wrapping.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// kLanes<A> elements of T as a vector of A; the narrow integers are widened.
template <class A, class T>
TILESTACK_INLINE Vec<A> load_as(const T* p) {
  if constexpr (std::is_same_v<A, Compute<T>>) {
    return load<T>(p);
  } else {
    typedef T Narrow __attribute__((vector_size(kLanes<A> * sizeof(T))));
    return __builtin_convertvector(load_raw<Narrow>(p), Vec<A>);
  }
}

template <class A, class T>
TILESTACK_INLINE Vec<A> load_partial_as(const T* p, std::int64_t n) {
  if constexpr (std::is_same_v<A, Compute<T>>) {
    return load_partial<T>(p, n);
  } else {
    T lanes[kLanes<A>] = {};
    __builtin_memcpy(lanes, p, std::size_t(n) * sizeof(T));
    return load_as<A>(lanes);
  }
}

// How values are combined: those of a row in Acc, rows in Total.
template <class A>
struct Add {
  using Acc = A;
  using Total = std::conditional_t<kIsFloat<A>, double, A>;
  static constexpr A identity = 0;
  template <class V>
  TILESTACK_INLINE static V combine(V a, V b) {
    return wrapping([](auto a, auto b) { return a + b; }, a, b);
  }
};

// What is accumulated: map(x, c), where c is a value of the output's own, such as its mean.
struct Itself {
  template <class V>
  TILESTACK_INLINE static V map(V x, V) {
    return x;
  }
};

// One for each output, in plan order, or the same for all.
template <class A>
struct Centres {
  const A* each = nullptr;
  A all = 0;
};

// The only parts that depend on the storage type.
template <class Acc>
struct RowKernels {
  std::size_t size;  // of an element
  // acc[i] is the total of row i < count, of n elements; rows are `stride` elements apart.
  void (*rows)(const void* x, std::int64_t stride, std::int64_t count, std::int64_t n, Centres<Acc> centres, Acc* acc);
  // acc[j] takes in x[r][j] for r < count.
  void (*columns)(const void* const (&x)[4], int count, std::int64_t n, Centres<Acc> centres, Acc* acc);
};

// Whose lanes, folded, are the total of the row.
template <class Op, class Map, class T>
TILESTACK_INLINE Vec<typename Op::Acc> row_lanes(const T* p, std::int64_t n, typename Op::Acc c) {
  using A = typename Op::Acc;
  constexpr int L = kLanes<A>;
  const Vec<A> centre = splat(c);
  const auto end = [&](std::int64_t i) {
    return first_lanes<A>(Map::map(load_partial_as<A>(p + i, n - i), centre), n - i, Op::identity);
  };
  if (n < L) return end(0);
  Vec<A> a0 = splat(A(Op::identity)), a1 = a0, a2 = a0, a3 = a0;
  std::int64_t i = 0;
  for (; i + 4 * L <= n; i += 4 * L) {
    a0 = Op::combine(a0, Map::map(load_as<A>(p + i), centre));
    a1 = Op::combine(a1, Map::map(load_as<A>(p + i + L), centre));
    a2 = Op::combine(a2, Map::map(load_as<A>(p + i + 2 * L), centre));
    a3 = Op::combine(a3, Map::map(load_as<A>(p + i + 3 * L), centre));
  }
  for (; i + L <= n; i += L) a0 = Op::combine(a0, Map::map(load_as<A>(p + i), centre));
  if (i < n) a1 = Op::combine(a1, end(i));
  return Op::combine(Op::combine(a0, a1), Op::combine(a2, a3));
}

template <class Op, class Map, class T>
void reduce_rows_of(const void* x, std::int64_t stride, std::int64_t count, std::int64_t n,
                    Centres<typename Op::Acc> centres, typename Op::Acc* acc) {
  using A = typename Op::Acc;
  const auto combine = [](auto a, auto b) { return Op::combine(a, b); };
  Vec<A> lanes[4];
  for (std::int64_t i = 0; i < count; i += 4) {
    const std::int64_t some = count - i < 4 ? count - i : 4;
    for (std::int64_t k = 0; k < some; ++k)
      lanes[k] = row_lanes<Op, Map>(static_cast<const T*>(x) + (i + k) * stride, n,
                                    centres.each ? centres.each[i + k] : centres.all);
    if constexpr (sizeof(A) == 4) {
      if (some == 4) {
        const auto totals = fold_lanes_of_four(lanes, combine);
        __builtin_memcpy(acc + i, &totals, sizeof totals);
        continue;
      }
    }
    for (std::int64_t k = 0; k < some; ++k) acc[i + k] = fold_lanes(lanes[k], combine);
  }
}

template <class Op, class Map, class T>
void reduce_columns_of(const void* const (&x)[4], int count, std::int64_t n, Centres<typename Op::Acc> centres,
                       typename Op::Acc* acc) {
  using A = typename Op::Acc;
  constexpr int L = kLanes<A>;
  auto rows = [&](int r) { return static_cast<const T*>(x[r]); };
  std::int64_t j = 0;
  const auto each_vector = [&](auto&& of_rows) {
    for (; j + L <= n; j += L) {
      const Vec<A> centre = centres.each ? load_raw<Vec<A>>(centres.each + j) : splat(centres.all);
      const Vec<A> sum =
          of_rows(load_raw<Vec<A>>(acc + j), [&](int r) { return Map::map(load_as<A>(rows(r) + j), centre); });
      __builtin_memcpy(acc + j, &sum, sizeof sum);
    }
  };
  if (count == 4) {
    each_vector([](Vec<A> sum, auto value) {
      return Op::combine(sum, Op::combine(Op::combine(value(0), value(1)), Op::combine(value(2), value(3))));
    });
  } else {
    each_vector([&](Vec<A> sum, auto value) {
      for (int r = 0; r < count; ++r) sum = Op::combine(sum, value(r));
      return sum;
    });
  }
  if (j == n) return;
  const Vec<A> centre = centres.each ? load_partial_as<A>(centres.each + j, n - j) : splat(centres.all);
  Vec<A> sum = load_partial_as<A>(acc + j, n - j);
  for (int r = 0; r < count; ++r) sum = Op::combine(sum, Map::map(load_partial_as<A>(rows(r) + j, n - j), centre));
  store_partial(acc + j, sum, n - j);
}

template <class Op, class Map, class T>
constexpr RowKernels<typename Op::Acc> kRowKernels = {sizeof(T), reduce_rows_of<Op, Map, T>,
                                                      reduce_columns_of<Op, Map, T>};

// Takes n totals: of outputs `output`, `output` + 1, ... in plan order, that stand at `at`, `at` + stride, ... in y.
template <class Total>
struct Emit {
  void (*f)(const void* context, std::int64_t output, std::int64_t at, std::int64_t stride, const Total* totals,
            std::int64_t n);
  const void* context;
};
// From f(output, at, total).
template <class Total, class F>
TILESTACK_INLINE Emit<Total> emit_each(const F& f) {
  return {[](const void* context, std::int64_t output, std::int64_t at, std::int64_t stride, const Total* totals,
             std::int64_t n) {
            for (std::int64_t i = 0; i < n; ++i)
              (*static_cast<const F*>(context))(output + i, at + i * stride, totals[i]);
          },
          &f};
}

constexpr std::int64_t kReduceBlock = 4096;  // elements accumulated in Acc before they go into a Total
constexpr std::int64_t kReduceTile = 2048;   // columns accumulated at once

TILESTACK_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

// Each output is the total of one row that is not longer than kReduceBlock.
template <class Op>
void reduce_short_rows(const ReducePlan& plan, const char* x, const RowKernels<typename Op::Acc>& kernels,
                       Centres<typename Op::Acc> centres, Emit<typename Op::Total> emit) {
  using A = typename Op::Acc;
  using Total = typename Op::Total;
  constexpr std::int64_t kBatch = 64;
  parallel_for(plan.kept.count(), grain_of(plan.kept.count(), plan.length), [&](std::int64_t first, std::int64_t last) {
    Walk from(plan.kept, plan.kept.x, first), to(plan.kept, plan.kept.y, first);
    for (std::int64_t i = first; i < last;) {
      const std::int64_t count = least(least(from.left(), kBatch), last - i);
      A acc[kBatch];
      kernels.rows(x + from.offset() * std::int64_t(kernels.size), from.step(), count, plan.length,
                   {centres.each ? centres.each + i : nullptr, centres.all}, acc);
      Total totals[kBatch];
      for (std::int64_t k = 0; k < count; ++k) totals[k] = Total(acc[k]);
      emit.f(emit.context, i, to.offset(), to.step(), totals, count);
      from.advance(count);
      to.advance(count);
      i += count;
    }
  });
}

// Rows are cut into pieces of kReduceBlock; a segment is some pieces of one output, and the work of one thread.
template <class Op>
void reduce_rows(const ReducePlan& plan, const char* x, const RowKernels<typename Op::Acc>& kernels,
                 Centres<typename Op::Acc> centres, Emit<typename Op::Total> emit) {
  using A = typename Op::Acc;
  using Total = typename Op::Total;
  const std::int64_t outputs = plan.kept.count(), n = plan.length, outer = plan.reduced.count();
  const std::int64_t pieces = (n + kReduceBlock - 1) / kReduceBlock, units = outer * pieces;
  if (units == 1) return reduce_short_rows<Op>(plan, x, kernels, centres, emit);
  const std::int64_t units_each = kElementGrain / least(n, kReduceBlock);
  const std::int64_t segments = (units + units_each - 1) / units_each;
  Scratch<Total> partial(segments > 1 ? outputs * segments : 0);

  parallel_for(
      outputs * segments, segments > 1 ? 1 : kElementGrain / (n * outer) + 1,
      [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i) {
          const std::int64_t output = segments == 1 ? i : i / segments, segment = i - output * segments;
          const char* from = x + plan.kept.offset(plan.kept.x, output) * std::int64_t(kernels.size);
          const Centres<A> centre = {nullptr, centres.each ? centres.each[output] : centres.all};
          Total total = Op::identity;
          for (std::int64_t unit = segment * units_each; unit < least((segment + 1) * units_each, units); ++unit) {
            const std::int64_t row = pieces == 1 ? unit : unit / pieces, start = (unit - row * pieces) * kReduceBlock;
            const std::int64_t offset = plan.reduced.offset(plan.reduced.x, row) + start;
            A acc;
            kernels.rows(from + offset * std::int64_t(kernels.size), 0, 1, least(n - start, kReduceBlock), centre,
                         &acc);
            total = Op::combine(total, Total(acc));
          }
          if (segments > 1) {
            partial[i] = total;
          } else {
            emit.f(emit.context, output, plan.kept.offset(plan.kept.y, output), 0, &total, 1);
          }
        }
      });
  for (std::int64_t output = 0; segments > 1 && output < outputs; ++output) {
    Total total = Op::identity;
    for (std::int64_t s = 0; s < segments; ++s) total = Op::combine(total, partial[output * segments + s]);
    emit.f(emit.context, output, plan.kept.offset(plan.kept.y, output), 0, &total, 1);
  }
}

// A segment is some rows of one kept position; each of its tiles of columns is the work of one thread.
template <class Op>
void reduce_columns(const ReducePlan& plan, const char* x, const RowKernels<typename Op::Acc>& kernels,
                    Centres<typename Op::Acc> centres, Emit<typename Op::Total> emit) {
  using A = typename Op::Acc;
  using Total = typename Op::Total;
  const std::int64_t outer = plan.kept.count(), rows = plan.reduced.count(), cols = plan.length;
  const std::int64_t tiles = (cols + kReduceTile - 1) / kReduceTile, width = least(cols, kReduceTile);
  const std::int64_t rows_each = least(2 * kElementGrain / width, 1024);
  const std::int64_t segments = (rows + rows_each - 1) / rows_each;
  Scratch<A> partial(outer * segments * cols);

  parallel_for(
      outer * segments * tiles, kElementGrain / (width * least(rows, rows_each)) + 1,
      [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i) {
          const std::int64_t os = i / tiles, j = (i - os * tiles) * kReduceTile, o = os / segments;
          const std::int64_t begin = (os - o * segments) * rows_each, end = least(begin + rows_each, rows);
          A* acc = partial + os * cols + j;
          const std::int64_t n = least(cols - j, kReduceTile);
          for (std::int64_t k = 0; k < n; ++k) acc[k] = Op::identity;
          for (std::int64_t row = begin; row < end; row += 4) {
            const int count = int(least(end - row, 4));
            const void* addresses[4] = {};
            for (int r = 0; r < count; ++r)
              addresses[r] = x + (plan.kept.offset(plan.kept.x, o) + plan.reduced.offset(plan.reduced.x, row + r) + j) *
                                     std::int64_t(kernels.size);
            kernels.columns(addresses, count, n,
                            Centres<A>{centres.each ? centres.each + o * cols + j : nullptr, centres.all}, acc);
          }
        }
      });
  parallel_for(outer * tiles, kElementGrain / (width * segments) + 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t o = i / tiles, j = (i - o * tiles) * kReduceTile, n = least(cols - j, kReduceTile);
      Total totals[kReduceTile];
      for (std::int64_t k = 0; k < n; ++k) totals[k] = Op::identity;
      for (std::int64_t s = 0; s < segments; ++s) {
        const A* from = partial + (o * segments + s) * cols + j;
        for (std::int64_t k = 0; k < n; ++k) totals[k] = Op::combine(totals[k], Total(from[k]));
      }
      emit.f(emit.context, o * cols + j, plan.kept.offset(plan.kept.y, o) + j * plan.inner_y, plan.inner_y, totals, n);
    }
  });
}

// Calls f(output, at) for all outputs.
template <class F>
void for_each_output(const ReducePlan& plan, F&& f) {
  const std::int64_t outer = plan.kept.count(), cols = plan.rows ? 1 : plan.length;
  for (std::int64_t o = 0; o < outer; ++o) {
    const std::int64_t y = plan.kept.offset(plan.kept.y, o);
    for (std::int64_t j = 0; j < cols; ++j) f(o * cols + j, y + j * plan.inner_y);
  }
}

// Emits the total of map(x, centre) for every output; the identity where there is nothing to reduce.
template <class Op>
void reduce(const ReducePlan& plan, const void* x, const RowKernels<typename Op::Acc>& kernels,
            Centres<typename Op::Acc> centres, Emit<typename Op::Total> emit) {
  const char* from = static_cast<const char*>(x);
  if (plan.outputs() == 0) return;
  if (plan.reduced.count() * (plan.rows ? plan.length : 1) == 0) {
    const typename Op::Total none = Op::identity;
    for_each_output(plan, [&](std::int64_t output, std::int64_t at) { emit.f(emit.context, output, at, 0, &none, 1); });
  } else if (plan.rows) {
    reduce_rows<Op>(plan, from, kernels, centres, emit);
  } else {
    reduce_columns<Op>(plan, from, kernels, centres, emit);
  }
}

// The other way: dx = f(x, p, q) at every element, with p and q in plan order, one for each output. x and dx share
// strides, those of the plan. With kReads false x is not read.
template <bool kReads, class T, class F>
void spread(const ReducePlan& plan, const T* x, T* dx, const Compute<T>* p, const Compute<T>* q, F f) {
  using A = Compute<T>;
  const std::int64_t rows = plan.reduced.count(), n = plan.length;
  const std::int64_t pieces = (n + kElementGrain - 1) / kElementGrain;
  parallel_for(
      plan.kept.count() * rows * pieces, kElementGrain / (n + 1) + 1, [&](std::int64_t begin, std::int64_t end) {
        std::int64_t o = begin / pieces / rows, r = begin / pieces - o * rows, piece = begin % pieces;
        Walk kept(plan.kept, plan.kept.x, o), reduced(plan.reduced, plan.reduced.x, r);
        for (std::int64_t unit = begin; unit < end; ++unit) {
          const std::int64_t first = piece * kElementGrain;
          const std::int64_t offset = kept.offset() + reduced.offset() + first;
          const A* ps = plan.rows ? p + o : p + o * n + first;
          const A* qs = plan.rows ? q + o : q + o * n + first;
          for_vectors<T>(least(n - first, kElementGrain), [&](std::int64_t i, auto part) {
            const Vec<A> xs = kReads ? part.load(x + offset + i) : Vec<A>{};
            part.store(dx + offset + i,
                       plan.rows ? f(xs, splat(*ps), splat(*qs)) : f(xs, part.load(ps + i), part.load(qs + i)));
          });
          if (++piece < pieces) continue;
          piece = 0;
          if (++r < rows) {
            reduced.advance(1);
          } else {
            r = 0;
            ++o;
            reduced = Walk(plan.reduced, plan.reduced.x, 0);
            kept.advance(1);
          }
        }
      });
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
