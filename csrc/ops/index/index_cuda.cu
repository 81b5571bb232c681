#include "ops/index/index.h"

#include "core/visit.h"
#include "cuda/pick_rows.cuh"
#include "cuda/scatter_rows.cuh"

namespace tilestack::cuda {
namespace {

constexpr int kThreads = 256;

template <class Index>
__global__ void locate_kernel(const Index* index, std::int64_t n, std::int64_t* offsets, std::int64_t size,
                              std::int64_t stride, gpu::IndexReport* report, const char* op) {
  for (std::int64_t i = gpu::global_thread(); i < n; i += gpu::global_threads()) {
    const std::int64_t given = index[i], at = given < 0 ? given + size : given;
    if (at >= 0 && at < size) {
      offsets[i] += stride * at;
    } else {
      gpu::report_index(report, op, given, size);
    }
  }
}

std::int64_t locate(View index, View offsets, std::int64_t size, std::int64_t stride) {
  const std::int64_t n = index.numel();
  visit_index(index.dtype, [&]<class Index>() {
    gpu::launch(locate_kernel<Index>, {gpu::blocks_for(n, kThreads), kThreads}, index.data<Index>(), n,
                offsets.data<std::int64_t>(), size, stride, gpu::index_report(), "index");
  });
  return -1;
}

struct OffsetOf {
  const std::int64_t* offsets;
  std::int64_t low;
  __device__ std::int64_t operator()(std::uint32_t i) const { return offsets[i] - low; }
};

struct KeyOf {
  const std::int64_t* offsets;
  std::int64_t low, step;
  __device__ std::uint32_t operator()(std::uint32_t i) const { return std::uint32_t((offsets[i] - low) / step); }
};

void forward(View rest, Picked picked, View y, int before) {
  rest.pointer = rest.data<char>() + picked.low * std::int64_t(size_of(rest.dtype));
  const OffsetOf row{picked.offsets.data<std::int64_t>(), picked.low};
  gpu::pick_rows("index", rest, before, y, row, picked.offsets.numel(), picked.step);
}

void put(View rest, Picked picked, View y, int before, bool accumulate) {
  const std::int64_t n = picked.offsets.numel(), step = picked.step > 0 ? picked.step : 1;
  const std::int64_t places = (picked.span - 1) / step + 1;
  if (n == 0) return;
  if (places >= std::int64_t(1) << 32) gpu::fail(Failure::value, "index: more than 2^32 places on a GPU");
  const gpu::SortedPositions sorted(KeyOf{picked.offsets.data<std::int64_t>(), picked.low, step},
                                    gpu::counted("index", n), gpu::bits_below(places));
  const gpu::Scatter rows{"index", rest, before, y, sorted, n, picked.low, picked.step, places};
  if (!accumulate) return visit_size(rest.dtype, [&]<class T>() { gpu::put_rows<T>(rows); });
  visit_number(rest.dtype, [&]<class T>() { gpu::sum_rows<T>(rows, true); });
}

}  // namespace
const IndexKernels index = {locate, forward, put};
TILESTACK_CUDA_TABLE(index)
}  // namespace tilestack::cuda
