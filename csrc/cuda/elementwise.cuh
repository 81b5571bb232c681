#pragma once
// The inside of elementwise kernels. map<T(T, T)>(f, y, a, b) sets y = f(a, b) for views of one shape, of any strides,
// with elements of the storage types named; f, a struct with a __device__ operator(), gets and returns values of the
// compute types. y may be one of the inputs.
#include <utility>

#include "core/visit.h"
#include "cuda/fast_div.h"

namespace tilestack::gpu {

constexpr int kElementThreads = 256;

// What a kernel sees of an input: elements at p, or one number for all, which came from the host. `same`: the elements
// of a vector are one.
template <class S>
struct MapInput {
  const S* p;
  Compute<S> number;
  bool is_number, same;

  MapInput(const View& x, bool same) : p(x.data<S>()), number{}, is_number(x.on_host), same(same) {
    if (!x.on_host) return;
    if (x.dtype == dtype_of<S>) {
      number = convert<Compute<S>>(*p);
    } else {
      number = *x.data<Compute<S>>();  // 16-bit floats meet numbers in float32
    }
  }
  // kWidth elements from element i on, or that one kWidth times.
  template <int kWidth>
  __device__ __forceinline__ Pack<Compute<S>, kWidth> get(std::int64_t i) const {
    Pack<Compute<S>, kWidth> out;
    if (is_number || same) {
      const Compute<S> value = is_number ? number : to_compute(p[i]);
#pragma unroll
      for (int k = 0; k < kWidth; ++k) out[k] = value;
      return out;
    }
    return load_compute<kWidth>(p + i);
  }
};

template <int kWidth, class Out, class F, class... In>
__device__ __forceinline__ void apply(const F& f, Out* y, const In&... in) {
  Pack<Out, kWidth> out;
#pragma unroll
  for (int k = 0; k < kWidth; ++k) out[k] = convert<Out>(f(in[k]...));
  store(y, out);
}

// Dense memory in one order; of a `same` input only the first element counts.
template <int kWidth, class F, class Out, class... In>
__global__ void map_flat_kernel(F f, Out* y, std::int64_t n, MapInput<In>... in) {
  const std::int64_t step = global_threads() * kWidth;
  std::int64_t i = global_thread() * kWidth;
  for (; i + kWidth <= n; i += step) apply<kWidth>(f, y + i, in.template get<kWidth>(in.same ? 0 : i)...);
  for (; i < n; ++i) apply<1>(f, y + i, in.template get<1>(in.same ? 0 : i)...);  // the last thread's remainder
}

// Dimensions that views have in common, innermost first, merged where all of them are dense across; those of size 1
// left out.
template <int kViews>
struct Nest {
  int dims = 0;
  std::int64_t shape[kMaxDims] = {}, strides[kViews][kMaxDims] = {};

  explicit Nest(const View* const (&views)[kViews]) {
    const View& first = *views[0];
    int order[kMaxDims], n = 0;  // of the first view's memory, innermost first
    for (int d = first.ndim - 1; d >= 0; --d) {
      if (first.shape[d] == 1) continue;
      int at = n++;
      for (; at > 0 && magnitude(first.strides[order[at - 1]]) > magnitude(first.strides[d]); --at)
        order[at] = order[at - 1];
      order[at] = d;
    }
    for (int i = 0; i < n; ++i) {
      const int d = order[i];
      bool merges = dims > 0;
      for (int v = 0; v < kViews && merges; ++v)
        merges = views[v]->strides[d] == strides[v][dims - 1] * shape[dims - 1];
      if (merges) {
        shape[dims - 1] *= first.shape[d];
        continue;
      }
      shape[dims] = first.shape[d];
      for (int v = 0; v < kViews; ++v) strides[v][dims] = views[v]->strides[d];
      ++dims;
    }
  }
  std::int64_t numel() const {
    std::int64_t n = 1;
    for (int d = 0; d < dims; ++d) n *= shape[d];
    return n;
  }

 private:
  static std::int64_t magnitude(std::int64_t x) { return x < 0 ? -x : x; }
};

// Where the elements of unit i are, for each view. Units are kWidth elements along the innermost dimension.
template <int kViews>
struct MapOffsets {
  int dims;
  FastDiv sizes[kMaxDims];
  std::int64_t strides[kViews][kMaxDims];

  MapOffsets(const Nest<kViews>& nest, int width) : dims(nest.dims) {
    for (int d = 0; d < dims; ++d) {
      const int unit = d == 0 ? width : 1;
      sizes[d] = FastDiv(nest.shape[d] / unit);
      for (int v = 0; v < kViews; ++v) strides[v][d] = nest.strides[v][d] * unit;
    }
  }
  __device__ __forceinline__ void find(std::uint32_t i, std::int64_t (&offsets)[kViews]) const {
#pragma unroll
    for (int v = 0; v < kViews; ++v) offsets[v] = 0;
#pragma unroll
    for (int d = 0; d < kMaxDims; ++d) {
      if (d == dims) break;
      const std::uint32_t at = sizes[d].split(i);
#pragma unroll
      for (int v = 0; v < kViews; ++v) offsets[v] += std::int64_t(at) * strides[v][d];
    }
  }
};

template <int kWidth, std::size_t... kIndex, class F, class Out, class... In>
__device__ __forceinline__ void apply_at(std::index_sequence<kIndex...>, const F& f, Out* y,
                                         const std::int64_t (&offsets)[1 + sizeof...(In)], const In&... in) {
  apply<kWidth>(f, y + offsets[0], in.template get<kWidth>(offsets[1 + kIndex])...);
}

template <int kWidth, class F, class Out, class... In>
__global__ void map_strided_kernel(F f, Out* y, std::uint32_t units, MapOffsets<1 + sizeof...(In)> at,
                                   MapInput<In>... in) {
  for (std::int64_t i = global_thread(); i < units; i += global_threads()) {
    std::int64_t offsets[1 + sizeof...(In)];
    at.find(static_cast<std::uint32_t>(i), offsets);
    apply_at<kWidth>(std::index_sequence_for<In...>(), f, y, offsets, in...);
  }
}

template <class Signature>
struct Mapper;
template <class Out, class... In>
struct Mapper<Out(In...)> {
  static constexpr int kViews = 1 + int(sizeof...(In));
  static constexpr std::size_t largest(std::initializer_list<std::size_t> sizes) {
    std::size_t most = 1;
    for (std::size_t size : sizes) most = size > most ? size : most;
    return most;
  }
  static constexpr int kWidth = int(16 / largest({sizeof(Out), sizeof(In)...}));

  // The innermost dimension is whole vectors for the result, and whole vectors or one element for each input.
  static bool vectors(const Nest<kViews>& nest, const View* const (&views)[kViews]) {
    if (nest.dims == 0 || nest.shape[0] % kWidth != 0) return false;
    for (int v = 0; v < kViews; ++v) {
      const View& x = *views[v];
      const std::size_t item = size_of(x.dtype);
      if (x.on_host || (v > 0 && nest.strides[v][0] == 0)) continue;
      if (nest.strides[v][0] != 1 || !is_aligned(x.pointer, item * kWidth)) return false;
      for (int d = 1; d < nest.dims; ++d)
        if (nest.strides[v][d] % kWidth != 0) return false;
    }
    return true;
  }

  template <int kUnit, class F, std::size_t... kIndex>
  static void strided(std::index_sequence<kIndex...>, const F& f, const Nest<kViews>& nest,
                      const View* const (&views)[kViews]) {
    const std::int64_t units = nest.numel() / kUnit;
    if (units >= std::int64_t(1) << 31)
      fail("an elementwise op on strided memory is limited to 2^31 elements; use contiguous()");
    launch(map_strided_kernel<kUnit, F, Out, In...>, {blocks_for(units, kElementThreads), kElementThreads}, f,
           views[0]->template data<Out>(), static_cast<std::uint32_t>(units), MapOffsets<kViews>(nest, kUnit),
           MapInput<In>(*views[1 + kIndex], nest.strides[1 + kIndex][0] == 0)...);
  }

  template <class F, std::size_t... kIndex>
  static void flat(std::index_sequence<kIndex...>, const F& f, const Nest<kViews>& nest,
                   const View* const (&views)[kViews]) {
    const std::int64_t n = nest.numel();
    launch(map_flat_kernel<kWidth, F, Out, In...>,
           {blocks_for(ceil_div(n, std::int64_t(kWidth)), kElementThreads), kElementThreads}, f,
           views[0]->template data<Out>(), n, MapInput<In>(*views[1 + kIndex], nest.strides[1 + kIndex][0] == 0)...);
  }

  // One run of memory for the result, and one run or one element for each input.
  static bool is_flat(const Nest<kViews>& nest, const View* const (&views)[kViews]) {
    if (nest.dims > 1) return false;
    for (int v = 0; v < kViews; ++v) {
      const View& x = *views[v];
      if (x.on_host || (v > 0 && nest.strides[v][0] == 0)) continue;
      if (nest.dims == 1 && nest.strides[v][0] != 1) return false;
      if (!is_aligned(x.pointer, size_of(x.dtype) * kWidth)) return false;
    }
    return true;
  }

  template <class F>
  static bool run_if_flat(const F& f, const View* const (&views)[kViews], const Nest<kViews>& nest) {
    if (nest.numel() == 0) return true;
    if (!is_flat(nest, views)) return false;
    flat(std::index_sequence_for<In...>(), f, nest, views);
    return true;
  }

  template <class F>
  static void run(const F& f, const View* const (&views)[kViews]) {
    const Nest<kViews> nest(views);
    constexpr auto indices = std::index_sequence_for<In...>();
    if (run_if_flat(f, views, nest)) return;
    vectors(nest, views) ? strided<kWidth>(indices, f, nest, views) : strided<1>(indices, f, nest, views);
  }
};

template <class Signature, class F, class... Views>
void map(const F& f, const View& y, const Views&... in) {
  Mapper<Signature>::run(f, {&y, &in...});
}

// The same, if all views are dense in one order; false if they are not. Half of the code.
template <class Signature, class F, class... Views>
bool map_if_flat(const F& f, const View& y, const Views&... in) {
  const View* const views[] = {&y, &in...};
  return Mapper<Signature>::run_if_flat(f, views, Nest<1 + int(sizeof...(in))>(views));
}

}  // namespace tilestack::gpu
