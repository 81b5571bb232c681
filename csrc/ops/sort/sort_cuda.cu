#include "ops/sort/sort.h"

#include "cuda/places.cuh"
#include "cuda/sort.cuh"
#include "ops/sort/sort_key.h"

namespace tilestack::cuda {
namespace {

constexpr int kThreads = 256;

// 32 bits of the keys, in the order so far.
template <class T>
struct KeyWord {
  const T* x;
  const std::uint32_t* order;  // nullptr: as they stand
  int shift;
  bool descending;
  __device__ std::uint32_t operator()(std::uint32_t i) const {
    return std::uint32_t(sort_key(x[order ? order[i] : i], descending) >> shift);
  }
};
struct RowOf {
  const std::uint32_t* order;
  gpu::FastDiv by_columns;
  __device__ std::uint32_t operator()(std::uint32_t i) const { return by_columns.divide(order[i]); }
};

__global__ void follow_kernel(const std::uint32_t* order, const std::uint32_t* positions, std::uint32_t* to,
                              std::uint32_t n) {
  for (std::int64_t i = gpu::global_thread(); i < n; i += gpu::global_threads())
    to[i] = order ? order[positions[i]] : positions[i];
}

__global__ void indices_kernel(const std::uint32_t* order, std::int64_t* indices, std::uint32_t n,
                               std::uint32_t columns, gpu::FastDiv by_kept) {
  for (std::int64_t i = gpu::global_thread(); i < n; i += gpu::global_threads()) {
    std::uint32_t row = std::uint32_t(i);
    const std::uint32_t place = by_kept.split(row);
    indices[i] = order[row * columns + place] - row * columns;
  }
}

// All rows are sorted at once: by the low word of the keys, by the high one, by row; each keeps the order before.
void forward(View x, View indices, bool descending) {
  const std::uint32_t n = gpu::counted("sort", x.numel()), kept = std::uint32_t(indices.numel());
  const std::uint32_t columns = std::uint32_t(x.shape[1]);
  const gpu::Workspace<std::uint32_t> first(n), second(n);
  std::uint32_t *order = nullptr, *next = first, *after = second;
  const auto sort_by = [&](const auto& key, int bits) {
    const gpu::SortedPositions sorted(key, n, bits);
    gpu::launch(follow_kernel, {gpu::blocks_for(n, kThreads), kThreads}, order, sorted.positions(), next, n);
    order = next;
    std::swap(next, after);
  };
  visit_all(x.dtype, [&]<class T>() {
    for (int shift = 0; shift < kSortBits<T>; shift += 32) {
      const int bits = kSortBits<T> - shift < 32 ? kSortBits<T> - shift : 32;
      sort_by(KeyWord<T>{x.data<T>(), order, shift, descending}, bits);
    }
  });
  if (x.shape[0] > 1) sort_by(RowOf{order, gpu::FastDiv(columns)}, gpu::bits_below(x.shape[0]));
  gpu::launch(indices_kernel, {gpu::blocks_for(kept, kThreads), kThreads}, order, indices.data<std::int64_t>(), kept,
              columns, gpu::FastDiv(indices.shape[1]));
}

}  // namespace
const SortKernels sort = {forward};
TILESTACK_CUDA_TABLE(sort)
}  // namespace tilestack::cuda
