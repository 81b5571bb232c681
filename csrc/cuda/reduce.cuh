#pragma once
// Reductions over any set of axes. A reduction runs over contiguous rows (the innermost axis is reduced) or over
// contiguous columns (it is kept), as core/reduce_plan.h finds; work is cut by shape alone, and where several blocks
// share an output, a second kernel combines their partial results in order.
#include "core/reduce_plan.h"
#include "cuda/fast_div.h"
#include "cuda/ragged.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

constexpr int kReduceThreads = 256;
constexpr int kReduceUnroll = 4;        // vectors that a thread has under way
constexpr int kReduceBlocks = 132 * 8;  // fill the largest GPUs
constexpr int kLeastVectors = 8;        // of a thread, where an output is shared by blocks
constexpr int kMostVectors = 128;       // of a thread, so that its float sums stay short

// Elements that a thread loads at once.
template <class T>
constexpr int kReduceWidth = sizeof(T) == 1 ? 8 : gpu::kPack<T>;

// ---- How values are combined: those of a thread and its neighbours in Acc, those of many threads in Total.
// Of an Op with identity() and combine(a, b), whose values are accumulated as they are.
template <class Op, class A, class Wide>
struct Combination {
  using Value = A;
  using Acc = A;
  using Total = Wide;
  // acc takes in the values v[q] for which present(q).
  template <class Present>
  __device__ __forceinline__ static void take(A& acc, A (&v)[kReduceUnroll], const Present& present) {
#pragma unroll
    for (int q = 0; q < kReduceUnroll; ++q) v[q] = present(q) ? v[q] : Op::identity();
    acc = Op::combine(acc, Op::combine(Op::combine(v[0], v[1]), Op::combine(v[2], v[3])));
  }
  __device__ __forceinline__ static Wide widen(const A& acc) { return Wide(acc); }
};

template <class A>
using WideOf = std::conditional_t<kIsFloat<A>, double, A>;

// Integers of 64 bits that wrap around are handed to f as unsigned ones.
template <class V, class F>
__device__ __forceinline__ V wrapping(V a, V b, F f) {
  if constexpr (std::is_integral_v<V>) {
    return V(f(std::uint64_t(a), std::uint64_t(b)));
  } else {
    return f(a, b);
  }
}

template <class A>
struct Add : Combination<Add<A>, A, WideOf<A>> {
  __device__ static A identity() { return 0; }
  template <class V>
  __device__ __forceinline__ static V combine(V a, V b) {
    return wrapping(a, b, [](auto a, auto b) { return a + b; });
  }
};

// What is accumulated: f.at(y)(i, x...), where y is where the output stands and i the position along a single reduced
// axis.
template <class Map>
struct Stateless {
  __device__ __forceinline__ Map at(std::int64_t) const { return static_cast<const Map&>(*this); }
};
struct Itself : Stateless<Itself> {
  template <class A>
  __device__ __forceinline__ A operator()(std::int64_t, A x) const {
    return x;
  }
};

// ---- Where things are.
struct Offsets {
  std::int64_t x = 0, y = 0;
};

// Of position i of some axes, in x and y.
struct AxisOffsets {
  int n;
  gpu::FastDiv sizes[kMaxDims];
  std::int64_t x[kMaxDims], y[kMaxDims];

  explicit AxisOffsets(const Axes& axes) : n(axes.n) {
    for (int d = 0; d < n; ++d) {
      if (d > 0) sizes[d] = gpu::FastDiv(axes.shape[d]);
      x[d] = axes.x[d];
      y[d] = axes.y[d];
    }
    if (n > 1 && axes.count() >= std::int64_t(1) << 31)
      gpu::fail("a reduction over strided memory is limited to 2^31 rows; use contiguous()");
  }
  __device__ __forceinline__ Offsets find(std::int64_t i) const {
    Offsets at;
    auto rest = static_cast<std::uint32_t>(i);
#pragma unroll 1
    for (int d = n - 1; d > 0; --d) {
      const std::int64_t here = sizes[d].split(rest);
      at.x += here * x[d];
      at.y += here * y[d];
    }
    if (n == 0) return at;
    const std::int64_t first = n > 1 ? std::int64_t(rest) : i;
    at.x += first * x[0];
    at.y += first * y[0];
    return at;
  }
};

// Inputs of the same shape and strides.
template <class T, int kInputs>
struct ReduceInputs {
  const T* p[kInputs];
  int whole;  // elements that a vector must have to be loaded at once

  ReduceInputs(const ReducePlan& plan, const T* const (&x)[kInputs]) {
    constexpr int V = kReduceWidth<T>;
    bool aligned = true;
    for (int i = 0; i < kInputs; ++i) {
      p[i] = x[i];
      aligned &= gpu::is_aligned(x[i], alignof(gpu::Pack<T, V>));
    }
    for (const Axes* axes : {&plan.kept, &plan.reduced})
      for (int d = 0; d < axes->n; ++d) aligned &= axes->x[d] % V == 0;
    whole = gpu::whole<V>(aligned);
  }
};

// Vectors under way, of which `count` elements each are there.
template <class T, int kInputs>
struct Loaded {
  gpu::Pack<T, kReduceWidth<T>> x[kReduceUnroll][kInputs];
  int count[kReduceUnroll];

  __device__ __forceinline__ void load(int q, const ReduceInputs<T, kInputs>& from, std::int64_t offset, int n) {
    count[q] = n;
#pragma unroll
    for (int i = 0; i < kInputs; ++i) x[q][i] = gpu::load_first<kReduceWidth<T>>(from.p[i] + offset, n, from.whole);
  }
  template <class F>
  __device__ __forceinline__ auto map(const F& f, int q, int k, std::int64_t position) const {
    if constexpr (kInputs == 1) {
      return f(position, to_compute(x[q][0][k]));
    } else {
      return f(position, to_compute(x[q][0][k]), to_compute(x[q][1][k]));
    }
  }
};

// ---- Rows: a team of neighbouring threads takes some vectors of an output, the `units` of which are counted over all
// of its rows.
struct RowWork {
  int team;  // a power of two, at most the block
  std::int64_t outputs, segments = 1;
  std::int64_t units, units_each;
  std::int64_t length;  // of a row
  std::int64_t row_units;
  gpu::FastDiv by_row;
  bool single;  // one row for each output
  AxisOffsets kept, reduced;

  RowWork(const ReducePlan& plan, int width)
      : outputs(plan.kept.count()),
        length(plan.length),
        row_units(gpu::ceil_div(plan.length, std::int64_t(width))),
        single(plan.reduced.n == 0),
        kept(plan.kept),
        reduced(plan.reduced) {
    units = row_units * plan.reduced.count();
    if (!single) {
      if (units >= std::int64_t(1) << 31) gpu::fail("a reduction has too many rows for one result");
      by_row = gpu::FastDiv(row_units);
    }
    team = 1;
    while (team < kReduceThreads && team * kReduceUnroll < units) team *= 2;
    units_each = units;
    if (team < kReduceThreads) return;
    constexpr std::int64_t step = kReduceThreads * kReduceUnroll;
    units_each = gpu::ceil_div(units, gpu::ceil_div(std::int64_t(kReduceBlocks), outputs));
    if (units_each < kReduceThreads * kLeastVectors) units_each = kReduceThreads * kLeastVectors;
    if (units_each > kReduceThreads * kMostVectors) units_each = kReduceThreads * kMostVectors;
    units_each = gpu::ceil_div(units_each, step) * step;
    segments = gpu::ceil_div(units, units_each);
  }
};

template <class Op, int kInputs, class T, class F, class Store>
__global__ void __launch_bounds__(kReduceThreads, 2)
    reduce_rows_kernel(ReduceInputs<T, kInputs> x, RowWork work, F f, Store store, typename Op::Total* partials) {
  using Acc = typename Op::Acc;
  constexpr int V = kReduceWidth<T>, U = kReduceUnroll;
  GPU_SHARED(of_warps, typename Op::Total[kReduceThreads / 32]);
  const int team = work.team, thread = int(threadIdx.x) & (team - 1);
  const std::int64_t id = std::int64_t(blockIdx.x) * (kReduceThreads / team) + int(threadIdx.x) / team;
  const bool active = id < work.outputs * work.segments;
  const std::int64_t output = work.segments == 1 ? id : id / work.segments, segment = id - output * work.segments;
  Offsets at;
  Acc acc[V];
#pragma unroll
  for (int k = 0; k < V; ++k) acc[k] = Op::identity();
  if (active) {
    at = work.kept.find(output);
    const auto value = f.at(at.y);
    const std::int64_t begin = segment * work.units_each;
    const std::int64_t end = begin + work.units_each < work.units ? begin + work.units_each : work.units;
    for (std::int64_t first = begin + thread; first < end; first += U * team) {
      Loaded<T, kInputs> loaded;
      std::int64_t position[U];
#pragma unroll
      for (int q = 0; q < U; ++q) {
        const std::int64_t unit = first + q * team;
        std::int64_t row = 0;
        position[q] = unit * V;
        if (!work.single && unit < end) {
          const std::uint32_t r = work.by_row.divide(static_cast<std::uint32_t>(unit));
          row = work.reduced.find(r).x;
          position[q] = (unit - r * work.row_units) * V;
        }
        const std::int64_t left = unit < end ? work.length - position[q] : 0;
        loaded.load(q, x, at.x + row + position[q], left < V ? int(left) : V);
      }
#pragma unroll
      for (int k = 0; k < V; ++k) {
        typename Op::Value v[U];
#pragma unroll
        for (int q = 0; q < U; ++q) v[q] = loaded.map(value, q, k, position[q] + k);
        Op::take(acc[k], v, [&](int q) { return k < loaded.count[q]; });
      }
    }
  }
#pragma unroll
  for (int k = 1; k < V; ++k) acc[0] = Op::combine(acc[0], acc[k]);
  for (int distance = (team < 32 ? team : 32) / 2; distance > 0; distance /= 2)
    acc[0] = Op::combine(acc[0], gpu::shuffle_xor(acc[0], distance));
  auto total = Op::widen(acc[0]);
  if (team > 32) {
    const int warp = gpu::warp();
    if (gpu::lane() == 0) of_warps[warp] = total;
    __syncthreads();
    if (thread == 0)
      for (int i = 1; i < team / 32; ++i) total = Op::combine(total, of_warps[warp + i]);
  }
  if (!active || thread != 0) return;
  if (work.segments == 1) {
    store(at.y, total);
  } else {
    partials[segment * work.outputs + output] = total;
  }
}

// ---- Columns: a block takes some rows of a tile; `width` of its threads lie side by side, each at a vector of
// columns, and `height` above each other.
struct ColumnWork {
  int width, height;
  std::int64_t outputs, segments;
  std::int64_t rows, rows_each;
  std::int64_t cols, inner_y;  // of a kept position
  std::int64_t vectors, row_vectors;
  gpu::FastDiv by_row;
  bool single;  // one kept position
  AxisOffsets kept, reduced;

  ColumnWork(const ReducePlan& plan, int pack)
      : outputs(plan.outputs()),
        rows(plan.reduced.count()),
        cols(plan.length),
        inner_y(plan.inner_y),
        row_vectors(gpu::ceil_div(plan.length, std::int64_t(pack))),
        single(plan.kept.n == 0),
        kept(plan.kept),
        reduced(plan.reduced) {
    vectors = row_vectors * plan.kept.count();
    if (!single) {
      if (vectors >= std::int64_t(1) << 31) gpu::fail("a reduction over columns has too many results");
      by_row = gpu::FastDiv(row_vectors);
    }
    int least = 1;
    while (least < 32 && least < vectors) least *= 2;
    height = 1;
    while (height * least < kReduceThreads && height * kReduceUnroll < rows) height *= 2;
    width = least;
    while (width * height < kReduceThreads && width < vectors) width *= 2;
    while (width * height < 32) width *= 2;
    const std::int64_t step = height * kReduceUnroll;
    rows_each = gpu::ceil_div(rows, gpu::ceil_div(std::int64_t(kReduceBlocks), tiles()));
    if (rows_each < height * kLeastVectors) rows_each = height * kLeastVectors;
    if (rows_each > height * kMostVectors) rows_each = height * kMostVectors;
    rows_each = gpu::ceil_div(rows_each, step) * step;
    segments = gpu::ceil_div(rows, rows_each);
  }
  std::int64_t tiles() const { return gpu::ceil_div(vectors, std::int64_t(width)); }
};

template <class Op, int kInputs, class T, class F, class Store>
__global__ void __launch_bounds__(kReduceThreads, 2)
    reduce_columns_kernel(ReduceInputs<T, kInputs> x, ColumnWork work, std::int64_t tiles, F f, Store store,
                          typename Op::Total* partials) {
  using Acc = typename Op::Acc;
  constexpr int V = kReduceWidth<T>, U = kReduceUnroll;
  GPU_SHARED(of_threads, Acc[V * kReduceThreads]);
  const int thread = int(threadIdx.x), column = thread & (work.width - 1), line = thread / work.width;
  const std::int64_t segment = std::int64_t(blockIdx.x) / tiles;
  const std::int64_t vector = (std::int64_t(blockIdx.x) - segment * tiles) * work.width + column;
  const bool active = vector < work.vectors;
  std::int64_t position = 0, first = vector * V;
  Offsets at;
  if (active && !work.single) {
    position = work.by_row.divide(static_cast<std::uint32_t>(vector));
    first = (vector - position * work.row_vectors) * V;
    at = work.kept.find(position);
  }
  const int count = !active ? 0 : work.cols - first < V ? int(work.cols - first) : V;
  const std::int64_t from = at.x + first, to = at.y + first * work.inner_y;
  Acc acc[V];
#pragma unroll
  for (int k = 0; k < V; ++k) acc[k] = Op::identity();
  if (active) {
    decltype(f.at(to)) value[V];
#pragma unroll
    for (int k = 0; k < V; ++k) value[k] = f.at(to + (k < count ? k : 0) * work.inner_y);
    const std::int64_t begin = segment * work.rows_each + line;
    const std::int64_t after = (segment + 1) * work.rows_each, end = after < work.rows ? after : work.rows;
    for (std::int64_t i = begin; i < end; i += U * work.height) {
      Loaded<T, kInputs> loaded;
#pragma unroll
      for (int q = 0; q < U; ++q) {
        const std::int64_t r = i + q * work.height;
        loaded.load(q, x, from + work.reduced.find(r).x, r < end ? count : 0);
      }
#pragma unroll
      for (int k = 0; k < V; ++k) {
        typename Op::Value v[U];
#pragma unroll
        for (int q = 0; q < U; ++q) v[q] = loaded.map(value[k], q, k, i + q * work.height);
        Op::take(acc[k], v, [&](int q) { return loaded.count[q] > 0; });
      }
    }
  }
  if (work.height > 1) {
#pragma unroll
    for (int k = 0; k < V; ++k) of_threads[k * kReduceThreads + thread] = acc[k];
    for (int half = work.height / 2; half > 0; half /= 2) {
      __syncthreads();
      if (line >= half) continue;
#pragma unroll
      for (int k = 0; k < V; ++k) {
        acc[k] = Op::combine(acc[k], of_threads[k * kReduceThreads + thread + half * work.width]);
        of_threads[k * kReduceThreads + thread] = acc[k];
      }
    }
  }
  if (line != 0) return;
#pragma unroll
  for (int k = 0; k < V; ++k) {
    if (k >= count) continue;
    if (work.segments == 1) {
      store(to + k * work.inner_y, Op::widen(acc[k]));
    } else {
      partials[segment * work.outputs + position * work.cols + first + k] = Op::widen(acc[k]);
    }
  }
}

// ---- The partial results of each output, (segments, outputs), in order; of no segments, the identity.
template <class Op, class Store>
__global__ void __launch_bounds__(kReduceThreads)
    combine_kernel(const typename Op::Total* partials, std::int64_t outputs, std::int64_t segments, int width,
                   AxisOffsets kept, std::int64_t cols, std::int64_t inner_y, Store store) {
  using Total = typename Op::Total;
  GPU_SHARED(of_threads, Total[kReduceThreads]);
  const int thread = int(threadIdx.x), line = thread / width, height = kReduceThreads / width;
  const std::int64_t output = std::int64_t(blockIdx.x) * width + (thread & (width - 1));
  const bool active = output < outputs;
  Total total = Op::widen(Op::identity());
#pragma unroll 4
  for (std::int64_t s = line; active && s < segments; s += height)
    total = Op::combine(total, partials[s * outputs + output]);
  of_threads[thread] = total;
  for (int half = height / 2; half > 0; half /= 2) {
    __syncthreads();
    if (line < half) of_threads[thread] = total = Op::combine(total, of_threads[thread + half * width]);
  }
  if (!active || line != 0) return;
  const std::int64_t position = cols == 1 ? output : output / cols;
  store(kept.find(position).y + (output - position * cols) * inner_y, total);
}

template <class Op, class Store>
void combine(const ReducePlan& plan, const typename Op::Total* partials, std::int64_t segments, const Store& store) {
  const std::int64_t outputs = plan.outputs(), cols = plan.rows ? 1 : plan.length;
  int width = 1;
  while (width < (segments == 0 ? kReduceThreads : 32) && width < outputs) width *= 2;
  gpu::launch(combine_kernel<Op, Store>,
              {static_cast<unsigned>(gpu::ceil_div(outputs, std::int64_t(width))), kReduceThreads}, partials, outputs,
              segments, width, AxisOffsets(plan.kept), cols, plan.inner_y, store);
}

inline unsigned grid_of(std::int64_t blocks) {
  if (blocks >= std::int64_t(1) << 31) gpu::fail("a reduction has too many results");
  return static_cast<unsigned>(blocks);
}

// Of a plan over rows.
template <class Op, class T, int kInputs, class F, class Store>
void reduce_over_rows(const ReducePlan& plan, const T* const (&inputs)[kInputs], const F& f, const Store& store) {
  if (plan.outputs() == 0) return;
  if (plan.reduced.count() * plan.length == 0) return combine<Op>(plan, nullptr, 0, store);
  const RowWork work(plan, kReduceWidth<T>);
  const gpu::Workspace<typename Op::Total> partials(work.segments > 1 ? work.outputs * work.segments : 0);
  gpu::launch(
      reduce_rows_kernel<Op, kInputs, T, F, Store>,
      {grid_of(gpu::ceil_div(work.outputs * work.segments, std::int64_t(kReduceThreads / work.team))), kReduceThreads},
      ReduceInputs<T, kInputs>(plan, inputs), work, f, store, partials.data);
  if (work.segments > 1) combine<Op>(plan, partials, work.segments, store);
}

// Of a plan over columns.
template <class Op, class T, int kInputs, class F, class Store>
void reduce_over_columns(const ReducePlan& plan, const T* const (&inputs)[kInputs], const F& f, const Store& store) {
  if (plan.outputs() == 0) return;
  if (plan.reduced.count() == 0) return combine<Op>(plan, nullptr, 0, store);
  const ColumnWork work(plan, kReduceWidth<T>);
  const gpu::Workspace<typename Op::Total> partials(work.segments > 1 ? work.outputs * work.segments : 0);
  gpu::launch(reduce_columns_kernel<Op, kInputs, T, F, Store>,
              {grid_of(work.tiles() * work.segments), static_cast<unsigned>(work.width * work.height)},
              ReduceInputs<T, kInputs>(plan, inputs), work, work.tiles(), f, store, partials.data);
  if (work.segments > 1) combine<Op>(plan, partials, work.segments, store);
}

// store(at, total) for every output, of the values f.at(at)(i, x...) that make it; the identity where there is nothing
// to reduce. The inputs have the strides of the plan.
template <class Op, class T, int kInputs, class F, class Store>
void reduce(const ReducePlan& plan, const T* const (&inputs)[kInputs], const F& f, const Store& store) {
  if (plan.rows) {
    reduce_over_rows<Op>(plan, inputs, f, store);
  } else {
    reduce_over_columns<Op>(plan, inputs, f, store);
  }
}

// y with x's shape: what has size 1 is repeated.
inline View repeated(View y, const View& x) {
  for (int d = 0; d < x.ndim; ++d) {
    if (y.shape[d] == 1) y.strides[d] = 0;
    y.shape[d] = x.shape[d];
  }
  return y;
}
// Memory of an op's own with one element for each of y.
inline View like(View y, DType dtype, void* memory) {
  y.pointer = memory;
  y.dtype = dtype;
  return y;
}

}  // namespace
}  // namespace tilestack::cuda
