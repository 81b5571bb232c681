#include "ops/nonzero/nonzero.h"

#include "cuda/fast_div.h"
#include "cuda/runtime.h"
#include "cuda/scan.cuh"

namespace tilestack::cuda {
namespace {

constexpr int kThreads = 256, kItems = int(kNonzeroChunk) / kThreads, kScanThreads = 1024;

// A thread has kItems neighbours. mask: the bits that make an element not zero, which are all but the sign of floats.
template <class T>
__device__ __forceinline__ unsigned set_items(const T* x, std::int64_t begin, std::int64_t n, T mask, bool vectors) {
  unsigned set = 0;
  if (vectors && begin + kItems <= n) {
    const auto items = gpu::load<kItems>(x + begin);
#pragma unroll
    for (int i = 0; i < kItems; ++i) set |= unsigned((items[i] & mask) != 0) << i;
    return set;
  }
  for (int i = 0; i < kItems && begin + i < n; ++i) set |= unsigned((x[begin + i] & mask) != 0) << i;
  return set;
}
__device__ __forceinline__ std::int64_t first_item() {
  return std::int64_t(blockIdx.x) * kNonzeroChunk + std::int64_t(threadIdx.x) * kItems;
}

template <class T>
__global__ void count_kernel(const T* x, std::int64_t n, T mask, bool vectors, std::int64_t* counts) {
  const int count = block_sum(__popc(set_items(x, first_item(), n, mask, vectors)));
  if (threadIdx.x == 0) counts[blockIdx.x] = count;
}

// One block. counts[i] becomes what comes before it; total: all.
template <class Count>
__global__ void scan_kernel(Count* counts, std::int64_t n, Count* total) {
  Count sum = 0;
  for (std::int64_t begin = 0; begin < n; begin += kScanThreads) {
    const std::int64_t i = begin + threadIdx.x;
    Count here;
    const Count before = gpu::block_scan(i < n ? counts[i] : Count(0), here);
    if (i < n) counts[i] = sum + before;
    sum += here;
  }
  if (threadIdx.x == 0) *total = sum;
}

struct Shape {
  int ndim;
  bool small;  // so that places in it can be divided the fast way
  std::int64_t sizes[kMaxDims];
  gpu::FastDiv by[kMaxDims];

  explicit Shape(const View& x) : ndim(x.ndim), small(x.numel() < std::int64_t(1) << 31) {
    for (int d = 0; d < ndim; ++d) {
      sizes[d] = x.shape[d];
      if (small) by[d] = gpu::FastDiv(sizes[d]);
    }
  }
  __device__ __forceinline__ void write(std::int64_t i, std::int64_t* y) const {
    std::uint32_t rest = std::uint32_t(i);
#pragma unroll
    for (int d = kMaxDims - 1; d >= 0; --d) {
      if (d >= ndim) continue;
      if (small) {
        y[d] = by[d].split(rest);
      } else {
        y[d] = i % sizes[d];
        i /= sizes[d];
      }
    }
  }
};

template <class T>
__global__ void write_kernel(const T* x, std::int64_t n, T mask, bool vectors, const std::int64_t* before, Shape shape,
                             std::int64_t* y, std::int64_t room) {
  const std::int64_t begin = first_item();
  const unsigned set = set_items(x, begin, n, mask, vectors);
  int total;
  std::int64_t at = before[blockIdx.x] + gpu::block_scan(__popc(set), total);
#pragma unroll 1
  for (int i = 0; i < kItems; ++i) {
    if (!(set >> i & 1) || at >= room) continue;
    shape.write(begin + i, y + at * shape.ndim);
    ++at;
  }
}

template <class T>
T mask_of(DType dtype) {
  const T all = T(~T(0));
  return is_float(dtype) ? T(all >> 1) : all;
}

std::int64_t count(View x, View before) {
  const std::int64_t n = x.numel(), chunks = before.numel();
  if (n == 0) return 0;
  const gpu::Workspace<std::int64_t> total(1);
  visit_size(x.dtype, [&]<class T>() {
    gpu::launch(count_kernel<T>, {unsigned(chunks), kThreads}, x.data<T>(), n, mask_of<T>(x.dtype),
                gpu::is_aligned(x.pointer, 16), before.data<std::int64_t>());
  });
  gpu::launch(scan_kernel<std::int64_t>, {1, kScanThreads}, before.data<std::int64_t>(), chunks, total.data);
  std::int64_t found = 0;
  gpu::copy_to_host(&found, total, sizeof found);
  return found;
}

void forward(View x, View before, View y) {
  const std::int64_t n = x.numel();
  if (y.shape[0] == 0) return;
  visit_size(x.dtype, [&]<class T>() {
    gpu::launch(write_kernel<T>, {unsigned(before.numel()), kThreads}, x.data<T>(), n, mask_of<T>(x.dtype),
                gpu::is_aligned(x.pointer, 16), before.data<std::int64_t>(), Shape(x), y.data<std::int64_t>(),
                y.shape[0]);
  });
}

}  // namespace
const NonzeroKernels nonzero = {count, forward};
TILESTACK_CUDA_TABLE(nonzero)
}  // namespace tilestack::cuda
