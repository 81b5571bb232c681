#pragma once
// The inside of elementwise kernels. map<T(T, T)>(f, y, a, b) sets y = f(a, b) for views of one shape, of any strides,
// with elements of the storage types named; f, a struct with a __device__ operator(), gets and returns values of the
// compute types. y may be one of the inputs. A functor of many instructions says how often it may be copied into a
// kernel, static constexpr int kCopies = 8 where it calls one function, 4 where it is longer.
#include "core/visit.h"
#include "cuda/map_plan.h"
#include "cuda/straighten.h"

namespace tilestack::gpu {

constexpr int kMapThreads = 256;

template <class F>
constexpr int kCopiesOf = 16;
template <class F>
  requires(F::kCopies > 0)
constexpr int kCopiesOf<F> = F::kCopies;

// What a kernel sees of an input: elements at p or, with p null, one number, which came from the host.
template <class S>
struct MapInput {
  const S* p;
  Compute<S> number;
  Access access;

  MapInput(const View& x, const MapPlan& plan, int view)
      : p(reinterpret_cast<const S*>(plan.pointers[view])), number{}, access(plan.access[view]) {
    if (!x.on_host) return;
    if (x.dtype == dtype_of<S>) {
      number = convert<Compute<S>>(*x.data<S>());
    } else {
      number = *x.data<Compute<S>>();  // 16-bit floats meet numbers in float32
    }
  }
  __device__ __forceinline__ bool one() const { return access == Access::one; }
  __device__ __forceinline__ Compute<S> value() const { return p ? to_compute(*p) : number; }
};
// Some of an input's elements in registers, as they are stored: conversions wait until all inputs are under way.
template <class S, int kWidth, int kUnroll>
struct Fetched {
  Pack<S, kWidth> raw[kUnroll];
  Compute<S> value;
  bool one;
  __device__ __forceinline__ Compute<S> at(int u, int k) const { return one ? value : to_compute(raw[u][k]); }
};

template <class Out, int kWidth, class F, class... In>
__device__ __forceinline__ Pack<Out, kWidth> apply(const F& f, int u, const In&... in) {
  Pack<Compute<Out>, kWidth> y;
#pragma unroll
  for (int k = 0; k < kWidth; ++k) y[k] = convert<Compute<Out>>(f(in.at(u, k)...));
  return convert_pack<Out>(y);
}

// ---- Dense memory in one order. A thread has kUnroll vectors, and all its loads come before its stores.
constexpr std::int64_t kMapStep = kMapThreads;  // from a thread's vector to its next, in vectors

template <int kWidth, int kUnroll, class S>
__device__ __forceinline__ Fetched<S, kWidth, kUnroll> fetch(const MapInput<S>& x, std::int64_t first, std::int64_t n) {
  Fetched<S, kWidth, kUnroll> out;
  out.one = x.one();
  out.value = out.one && first < n ? x.value() : Compute<S>{};  // the one value may be the result's memory
#pragma unroll
  for (int u = 0; u < kUnroll; ++u) {
    const std::int64_t i = first + u * kMapStep * kWidth;
    if (!out.one && i + kWidth <= n) out.raw[u] = load<kWidth>(x.p + i);
  }
  return out;
}

template <int kWidth, int kUnroll, class F, class Out, class... In>
__device__ __forceinline__ void finish(const F& f, Out* y, std::int64_t first, std::int64_t n, const In&... in) {
  Pack<Out, kWidth> out[kUnroll];
#pragma unroll
  for (int u = 0; u < kUnroll; ++u) out[u] = apply<Out, kWidth>(f, u, in...);
#pragma unroll
  for (int u = 0; u < kUnroll; ++u) {
    const std::int64_t i = first + u * kMapStep * kWidth;
    if (i + kWidth <= n) store(y + i, out[u]);
  }
}

template <int kWidth, int kUnroll, class F, class Out, class... In>
__global__ void __launch_bounds__(kMapThreads) map_flat_kernel(F f, Out* y, std::int64_t n, MapInput<In>... in) {
  const std::int64_t first = (blockIdx.x * kMapStep * kUnroll + threadIdx.x) * kWidth;
  finish<kWidth, kUnroll>(f, y, first, n, fetch<kWidth, kUnroll>(in, first, n)...);
  const int rest = static_cast<int>(n % kWidth);
  if (blockIdx.x + 1 < gridDim.x || int(threadIdx.x) >= rest) return;
  const std::int64_t i = n - rest + threadIdx.x;
  y[i] = convert<Out>(f((in.one() ? in.value() : to_compute(in.p[i]))...));
}

// ---- Any strides. A thread has one vector in the order of the result's memory.
template <int kWidth, int kViews>
using Offsets = std::int32_t[kWidth][kViews];

template <int kWidth, int kView, int kViews, class S>
__device__ __forceinline__ Fetched<S, kWidth, 1> fetch_at(const MapInput<S>& x, const Offsets<kWidth, kViews>& at,
                                                          int count) {
  Fetched<S, kWidth, 1> out = {};
  out.one = x.one();
  out.value = out.one ? x.value() : Compute<S>{};
  if (out.one) return out;
  if (x.access == Access::splat) {
    const S value = x.p[at[0][kView]];
#pragma unroll
    for (int k = 0; k < kWidth; ++k) out.raw[0][k] = value;
  } else if (x.access == Access::scalar || count < kWidth) {
#pragma unroll
    for (int k = 0; k < kWidth; ++k)
      if (k < count) out.raw[0][k] = x.p[at[k][kView]];
  } else {
    out.raw[0] = load<kWidth>(x.p + at[0][kView]);
  }
  return out;
}

template <int kWidth, class F, class Out, int kViews, class... In>
__device__ __forceinline__ void finish_at(const F& f, Out* y, Access access, const Offsets<kWidth, kViews>& at,
                                          int count, const In&... in) {
  const Pack<Out, kWidth> out = apply<Out, kWidth>(f, 0, in...);
  if (access == Access::scalar || count < kWidth) {
#pragma unroll
    for (int k = 0; k < kWidth; ++k)
      if (k < count) y[at[k][0]] = out[k];
  } else {
    store(y + at[0][0], out);
  }
}

template <int kWidth, std::size_t... kIndex, class F, class Out, class... In>
__device__ __forceinline__ void map_strided(std::index_sequence<kIndex...>, const F& f, Out* y, Access access,
                                            std::uint32_t n, const Walk<1 + sizeof...(In)>& walk, const In&... in) {
  const std::uint32_t i = (blockIdx.x * kMapThreads + threadIdx.x) * kWidth;
  if (i >= n) return;
  const int count = n - i < kWidth ? int(n - i) : kWidth;
  Offsets<kWidth, 1 + sizeof...(In)> at;
  walk.find(i, walk.each || count < kWidth, at);
  finish_at<kWidth>(f, y, access, at, count, fetch_at<kWidth, 1 + kIndex>(in, at, count)...);
}

template <int kWidth, class F, class Out, class... In>
__global__ void __launch_bounds__(kMapThreads)
    map_strided_kernel(F f, Out* y, Access access, std::uint32_t n,
                       const __grid_constant__ Walk<1 + sizeof...(In)> walk, MapInput<In>... in) {
  map_strided<kWidth>(std::index_sequence_for<In...>(), f, y, access, n, walk, in...);
}

template <class F, class Signature>
struct Mapper;
template <class F, class Out, class... In>
struct Mapper<F, Out(In...)> {
  static constexpr int kViews = 1 + int(sizeof...(In));
  static constexpr int largest(std::initializer_list<std::size_t> sizes) {
    std::size_t most = 1;
    for (std::size_t size : sizes) most = size > most ? size : most;
    return int(most);
  }
  static constexpr int least(int a, int b) { return a < b ? a : b; }
  // A vector is 16 bytes of the widest operand, and 64 bytes of each thread are under way, or fewer for few copies of
  // f. Of double's functions even fewer.
  static constexpr int kVector = 16 / largest({sizeof(Out), sizeof(In)...});
  static constexpr int kCopies = largest({1, std::size_t(kVector == 2 ? kCopiesOf<F> / 4 : kCopiesOf<F>)});
  static constexpr int kWidth = least(kVector, kCopies), kShort = least(kWidth, 4);
  static constexpr int kUnroll = largest({1, std::size_t(least(4 / (kViews - 1), kCopies / kWidth))});
  using Indices = std::index_sequence_for<In...>;

  struct Call {
    const F& f;
    const View* const* views;
  };

  template <std::size_t... kIndex>
  static void flat(std::index_sequence<kIndex...>, const Call& call, const MapPlan& plan) {
    const std::int64_t blocks = ceil_div(plan.n, std::int64_t(kMapThreads * kUnroll * kWidth));
    launch(map_flat_kernel<kWidth, kUnroll, F, Out, In...>, {static_cast<unsigned>(blocks), kMapThreads}, call.f,
           reinterpret_cast<Out*>(plan.pointers[0]), plan.n,
           MapInput<In>(*call.views[1 + kIndex], plan, int(1 + kIndex))...);
  }

  template <std::size_t... kIndex>
  static void strided(std::index_sequence<kIndex...>, const Call& call, const MapPlan& plan) {
    const std::int64_t blocks = ceil_div(plan.n, std::int64_t(kMapThreads * kShort));
    launch(map_strided_kernel<kShort, F, Out, In...>, {static_cast<unsigned>(blocks), kMapThreads}, call.f,
           reinterpret_cast<Out*>(plan.pointers[0]), plan.access[0], static_cast<std::uint32_t>(plan.n),
           Walk<kViews>(plan), MapInput<In>(*call.views[1 + kIndex], plan, int(1 + kIndex))...);
  }
  static void strided_part(const void* call, const MapPlan& plan) {
    strided(Indices(), *static_cast<const Call*>(call), plan);
  }

  static bool run_if_flat(const F& f, const View* const* views) {
    const MapPlan plan(views, kViews, kWidth);
    if (plan.n > 0 && plan.is_flat()) flat(Indices(), {f, views}, plan);
    return plan.n == 0 || plan.is_flat();
  }
  static void run(const F& f, const View* const (&views)[kViews]) {
    if (run_if_flat(f, views)) return;
    const Straightened straight(views, kViews);
    if (straight.changed && run_if_flat(f, straight.views)) return;
    const Call call{f, straight.views};
    MapPlan(straight.views, kViews, kShort).for_each_part(strided_part, &call);
  }
};

template <class Signature, class F, class... Views>
void map(const F& f, const View& y, const Views&... in) {
  Mapper<F, Signature>::run(f, {&y, &in...});
}

// The same, if all views are dense in one order; false if they are not. Half of the code.
template <class Signature, class F, class... Views>
bool map_if_flat(const F& f, const View& y, const Views&... in) {
  const View* const views[] = {&y, &in...};
  return Mapper<F, Signature>::run_if_flat(f, views);
}

// ---- For ops of two operands.
// The dtype that both are compared in: the tensor's, where the other is a number.
inline DType dtype_of_tensors(const View& a, const View& b) { return a.on_host ? b.dtype : a.dtype; }

// A number among the operands; NaN for a tensor.
inline double number_or_nan(const View& x) {
  if (!x.on_host) return __builtin_nan("");
  return x.dtype == DType::float64 ? *x.data<double>() : double(*x.data<float>());
}

// For functions that treat integers of a size alike, as sums that wrap do: those are unsigned.
template <class F>
void visit_wrapping(DType dtype, F&& f) {
  is_float(dtype) ? visit_float(dtype, f) : visit_size(dtype, f);
}
// For comparisons: bools are bytes.
template <class F>
void visit_ordered(DType dtype, F&& f) {
  visit_number(dtype == DType::bool_ ? DType::uint8 : dtype, f);
}

}  // namespace tilestack::gpu
