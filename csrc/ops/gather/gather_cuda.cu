#include "ops/gather/gather.h"

#include "core/visit.h"
#include "cuda/scatter_rows.cuh"

namespace tilestack::cuda {
namespace {

constexpr int kThreads = 256;

// The places in x of index's elements [begin, end), without what the index adds along dim.
gpu::Places places_in(View x, const View& index, int dim) {
  for (int i = 0; i < index.ndim; ++i) x.shape[i] = index.shape[i];
  x.strides[dim] = 0;
  return gpu::Places(x, 0, x.ndim);
}

template <class T, class Index>
__global__ void gather_kernel(const T* x, const Index* index, T* y, std::uint32_t n, gpu::Places places,
                              std::int64_t size, std::int64_t stride, gpu::IndexReport* report, const char* op) {
  for (std::int64_t i = gpu::global_thread(); i < n; i += gpu::global_threads()) {
    const std::int64_t pick = index[i];
    const bool fits = gpu::index_fits(report, op, pick, size);
    y[i] = fits ? x[places.at(std::uint32_t(i)) + pick * stride] : T(0);
  }
}

std::int64_t forward(View x, View index, View y, int dim) {
  const std::uint32_t n = gpu::counted("gather", index.numel());
  visit_index(index.dtype, [&]<class Index>() {
    visit_size(x.dtype, [&]<class T>() {
      gpu::launch(gather_kernel<T, Index>, {gpu::blocks_for(n, kThreads), kThreads}, x.data<T>(), index.data<Index>(),
                  y.data<T>(), n, places_in(x, index, dim), x.shape[dim], x.strides[dim], gpu::index_report(),
                  "gather");
    });
  });
  return -1;
}

template <class T>
struct Adds {
  static __device__ __forceinline__ T result(T before, T value) {
    return convert<T>(Compute<T>(to_compute(before) + to_compute(value)));
  }
};
template <class T>
struct Puts {
  static __device__ __forceinline__ T result(T, T value) { return value; }
};

template <Fold with>
struct Folds {
  template <class T>
  struct Write {
    static __device__ __forceinline__ T result(T before, T value) {
      const auto a = to_compute(before), b = to_compute(value);
      if constexpr (with == Fold::product) return convert<T>(Compute<T>(a * b));
      const bool keep = a != a || (with == Fold::larger ? a >= b : a <= b);
      return keep ? before : value;
    }
  };
};

// One thread for each (o, k), which takes all j in order.
template <class Write, class T, class Index>
__global__ void write_columns_kernel(const T* y, const Index* index, T* x, std::uint32_t columns, gpu::Places places,
                                     gpu::FastDiv by_inner, std::int64_t count, std::int64_t size, std::int64_t stride,
                                     gpu::IndexReport* report, const char* op) {
  for (std::int64_t column = gpu::global_thread(); column < columns; column += gpu::global_threads()) {
    std::uint32_t o = std::uint32_t(column);
    T* to = x + places.at(o);
    const std::uint32_t k = by_inner.split(o);
    for (std::int64_t j = 0; j < count; ++j) {
      const std::int64_t at = (o * count + j) * by_inner.divisor + k, pick = index[at];
      if (gpu::index_fits(report, op, pick, size)) to[pick * stride] = Write::result(to[pick * stride], y[at]);
    }
  }
}

// Places in x; those of indices out of range come last.
template <class Index>
struct PlaceOf {
  const Index* index;
  gpu::Places places;
  std::int64_t size, stride, none;
  gpu::IndexReport* report;
  const char* op;
  __device__ std::uint32_t operator()(std::uint32_t i) const {
    const std::int64_t pick = index[i];
    return std::uint32_t(gpu::index_fits(report, op, pick, size) ? places.at(i) + pick * stride : none);
  }
};

template <class Write, class T, class Index>
void write_columns(const View& y, const View& index, const View& x, int dim, const char* op) {
  View one = index;
  one.shape[dim] = 1;
  std::int64_t inner = 1;
  for (int i = dim + 1; i < index.ndim; ++i) inner *= index.shape[i];
  const std::uint32_t columns = gpu::counted(op, one.numel());
  gpu::launch(write_columns_kernel<Write, T, Index>, {gpu::blocks_for(columns, kThreads), kThreads}, y.data<T>(),
              index.data<Index>(), x.data<T>(), columns, places_in(x, one, dim), gpu::FastDiv(inner), index.shape[dim],
              x.shape[dim], x.strides[dim], gpu::index_report(), op);
}

// f(scatter) with the elements sorted by their places in x.
template <class Index, class F>
void with_sorted(const View& y, const View& index, const View& x, int dim, const char* op, F&& f) {
  const std::int64_t n = index.numel(), places = x.numel();
  const PlaceOf<Index> key{
      index.data<Index>(), places_in(x, index, dim), x.shape[dim], x.strides[dim], places, gpu::index_report(), op};
  const gpu::SortedPositions sorted(key, gpu::counted(op, n), gpu::bits_below(places + 1));
  View element = x;
  element.ndim = 0;
  f(gpu::Scatter{op, element, 0, y, sorted, n, 0, 1, places});
}

// Long columns, if there are not many, are for more than one thread: their elements are sorted by place.
bool by_columns(const View& index, const View& x, int dim) {
  const std::int64_t n = index.numel(), count = index.shape[dim];
  constexpr std::int64_t kFew = 4, kManyColumns = 1 << 15;
  return count <= kFew || n / count >= kManyColumns || x.numel() >= (std::int64_t(1) << 32) - 1;
}

std::int64_t add(View y, View index, View x, int dim, const char* op) {
  if (index.numel() == 0) return -1;
  visit_index(index.dtype, [&]<class Index>() {
    visit_number(x.dtype, [&]<class T>() {
      if (by_columns(index, x, dim)) return write_columns<Adds<T>, T, Index>(y, index, x, dim, op);
      with_sorted<Index>(y, index, x, dim, op, [](const gpu::Scatter& s) { gpu::sum_rows<T>(s, true); });
    });
  });
  return -1;
}

std::int64_t put(View y, View index, View x, int dim, const char* op) {
  if (index.numel() == 0) return -1;
  visit_index(index.dtype, [&]<class Index>() {
    visit_size(x.dtype, [&]<class T>() {
      if (by_columns(index, x, dim)) return write_columns<Puts<T>, T, Index>(y, index, x, dim, op);
      with_sorted<Index>(y, index, x, dim, op, [](const gpu::Scatter& s) { gpu::put_rows<T>(s); });
    });
  });
  return -1;
}

template <Fold with>
void fold_with(const View& y, const View& index, const View& x, int dim, const char* op) {
  visit_index(index.dtype, [&]<class Index>() {
    visit_number(x.dtype, [&]<class T>() {
      write_columns<typename Folds<with>::template Write<T>, T, Index>(y, index, x, dim, op);
    });
  });
}

// By columns, however long: not for speed.
std::int64_t fold(View y, View index, View x, int dim, const char* op, Fold with) {
  if (index.numel() == 0) return -1;
  if (with == Fold::product) fold_with<Fold::product>(y, index, x, dim, op);
  if (with == Fold::larger) fold_with<Fold::larger>(y, index, x, dim, op);
  if (with == Fold::smaller) fold_with<Fold::smaller>(y, index, x, dim, op);
  return -1;
}

}  // namespace
const GatherKernels gather = {forward, add, put, fold};
TILESTACK_CUDA_TABLE(gather)
}  // namespace tilestack::cuda
