#include <algorithm>

#include "cuda/places.cuh"
#include "ops/one_hot/one_hot.h"

namespace tilestack::cuda {
namespace {

constexpr int kThreads = 256, kLargestBlocks = 256;

template <class Index>
__global__ void largest_kernel(const Index* indices, std::int64_t n, std::int64_t* largest) {
  std::int64_t most = -1;
  for (std::int64_t i = gpu::global_thread(); i < n; i += gpu::global_threads())
    most = max(most, std::int64_t(indices[i]));
  most = block_max(most);
  if (threadIdx.x == 0) largest[blockIdx.x] = most;
}

std::int64_t largest(View indices) {
  const std::int64_t n = indices.numel();
  if (n == 0) return -1;
  const unsigned blocks = std::min(gpu::blocks_for(n, kThreads), unsigned(kLargestBlocks));
  const gpu::Workspace<std::int64_t> of_blocks(blocks);
  visit_index(indices.dtype, [&]<class Index>() {
    gpu::launch(largest_kernel<Index>, {blocks, kThreads}, indices.data<Index>(), n, of_blocks.data);
  });
  std::int64_t found[kLargestBlocks];
  gpu::copy_to_host(found, of_blocks, blocks * sizeof *found);
  return *std::max_element(found, found + blocks);
}

// kWidth neighbours a thread, in one row if that is as wide.
template <int kWidth, class Index>
__global__ void one_hot_kernel(const Index* indices, std::int64_t* y, std::uint32_t units, gpu::FastDiv by_units,
                               std::int64_t classes, gpu::IndexReport* report, const char* op) {
  for (std::int64_t unit = gpu::global_thread(); unit < units; unit += gpu::global_threads()) {
    std::uint32_t row = std::uint32_t(unit);
    const std::int64_t first = std::int64_t(by_units.split(row)) * kWidth, index = indices[row];
    if (first == 0) gpu::index_fits(report, op, index, classes);
    gpu::Pack<std::int64_t, kWidth> out;
#pragma unroll
    for (int k = 0; k < kWidth; ++k) out[k] = first + k == index;
    gpu::store(y + unit * kWidth, out);
  }
}

template <class Index, int kWidth>
void write_rows(const View& indices, const View& y) {
  const std::int64_t units = y.numel() / kWidth, classes = y.cols();
  gpu::launch(one_hot_kernel<kWidth, Index>, {gpu::blocks_for(units, kThreads), kThreads}, indices.data<Index>(),
              y.data<std::int64_t>(), gpu::counted("one_hot", units), gpu::FastDiv(classes / kWidth), classes,
              gpu::index_report(), "one_hot");
}

std::int64_t forward(View indices, View y) {
  visit_index(indices.dtype, [&]<class Index>() {
    if (y.numel() == 0) return;
    y.cols() % 2 == 0 ? write_rows<Index, 2>(indices, y) : write_rows<Index, 1>(indices, y);
  });
  return -1;
}

}  // namespace
const OneHotKernels one_hot = {largest, forward};
TILESTACK_CUDA_TABLE(one_hot)
}  // namespace tilestack::cuda
