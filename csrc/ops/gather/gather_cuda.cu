#include "ops/gather/gather.h"

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

// One thread for each (o, k), which takes all j in order.
template <class T, class Index>
__global__ void add_columns_kernel(const T* dy, const Index* index, T* dx, std::uint32_t columns, gpu::Places places,
                                   gpu::FastDiv by_inner, std::int64_t count, std::int64_t size, std::int64_t stride) {
  for (std::int64_t column = gpu::global_thread(); column < columns; column += gpu::global_threads()) {
    std::uint32_t o = std::uint32_t(column);
    T* to = dx + places.at(o);
    const std::uint32_t k = by_inner.split(o);
    for (std::int64_t j = 0; j < count; ++j) {
      const std::int64_t at = (o * count + j) * by_inner.divisor + k, pick = index[at];
      if (pick < 0 || pick >= size) continue;
      to[pick * stride] = convert<T>(Compute<T>(to_compute(to[pick * stride]) + to_compute(dy[at])));
    }
  }
}

// Places in dx; those of indices out of range come last.
template <class Index>
struct PlaceOf {
  const Index* index;
  gpu::Places places;
  std::int64_t size, stride, none;
  __device__ std::uint32_t operator()(std::uint32_t i) const {
    const std::int64_t pick = index[i];
    return std::uint32_t(pick >= 0 && pick < size ? places.at(i) + pick * stride : none);
  }
};

template <class T, class Index>
void add_columns(const View& dy, const View& index, const View& dx, int dim) {
  View one = index;
  one.shape[dim] = 1;
  std::int64_t inner = 1;
  for (int i = dim + 1; i < index.ndim; ++i) inner *= index.shape[i];
  const std::uint32_t columns = gpu::counted("gather", one.numel());
  gpu::launch(add_columns_kernel<T, Index>, {gpu::blocks_for(columns, kThreads), kThreads}, dy.data<T>(),
              index.data<Index>(), dx.data<T>(), columns, places_in(dx, one, dim), gpu::FastDiv(inner),
              index.shape[dim], dx.shape[dim], dx.strides[dim]);
}

template <class T, class Index>
void add_sorted(const View& dy, const View& index, const View& dx, int dim) {
  const std::int64_t n = index.numel(), places = dx.numel();
  const PlaceOf<Index> key{index.data<Index>(), places_in(dx, index, dim), dx.shape[dim], dx.strides[dim], places};
  const gpu::SortedPositions sorted(key, gpu::counted("gather", n), gpu::bits_below(places + 1));
  View element = dx;
  element.ndim = 0;
  gpu::sum_rows<T>({"gather", element, 0, dy, sorted, n, 0, 1, places}, true);
}

// Long columns, if there are not many, are for more than one thread: their elements are sorted by place.
void backward(View dy, View index, View dx, int dim) {
  const std::int64_t n = index.numel(), count = index.ndim > 0 ? index.shape[dim] : 1;
  if (n == 0) return;
  constexpr std::int64_t kFew = 4, kManyColumns = 1 << 15;
  const bool by_columns = count <= kFew || n / count >= kManyColumns || dx.numel() >= (std::int64_t(1) << 32) - 1;
  visit_index(index.dtype, [&]<class Index>() {
    visit_float(dx.dtype, [&]<class T>() {
      by_columns ? add_columns<T, Index>(dy, index, dx, dim) : add_sorted<T, Index>(dy, index, dx, dim);
    });
  });
}

}  // namespace
const GatherKernels gather = {forward, backward};
TILESTACK_CUDA_TABLE(gather)
}  // namespace tilestack::cuda
