#include "ops/dropout/dropout.h"

#include "cuda/philox.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

constexpr int kHalves = 2 * kPhiloxGroup, kWidth = 8;  // a quarter has 4 runs of 8 elements, 32 apart

template <class T>
__global__ void __launch_bounds__(gpu::kPhiloxThreads)
    drop_kernel(const T* x, const T* residual, T* y, std::int64_t n, gpu::Changing<Philox> stream, std::uint32_t below,
                Compute<T> scale, int whole) {
  const std::int64_t thread = gpu::global_thread(), group = thread / 4;
  const int quarter = static_cast<int>(thread % 4);
  const std::int64_t first = group * kHalves + quarter * kWidth;
  if (first >= n) return;
  const int count = static_cast<int>(n - first < kHalves ? n - first : kHalves);
  x += first;
  y += first;
  gpu::Pack<T, kWidth> in[4], added[4];
#pragma unroll
  for (int j = 0; j < 4; ++j) in[j] = gpu::load_first<kWidth>(x + 32 * j, count - 32 * j, whole);
  if (residual) {
#pragma unroll
    for (int j = 0; j < 4; ++j) added[j] = gpu::load_first<kWidth>(residual + first + 32 * j, count - 32 * j, whole);
  }
  const gpu::PhiloxQuarter draw(stream, group, quarter);
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    gpu::Pack<Compute<T>, kWidth> out;
#pragma unroll
    for (int k = 0; k < kWidth; ++k) {
      const std::uint32_t word = draw.word[j][k / 2], half = k % 2 ? word >> 16 : word & 0xffffu;
      out[k] = half >= below ? to_compute(in[j][k]) * scale : Compute<T>(0);
      if (residual) out[k] += to_compute(added[j][k]);
    }
    gpu::store_first(y + 32 * j, gpu::convert_pack<T>(out), count - 32 * j, whole);
  }
}

void forward(const void* x, const void* residual, void* y, std::uint64_t*, DType dtype, std::int64_t n, Philox stream,
             double p) {
  const auto below = static_cast<std::uint32_t>(p * 65536 + 0.5);
  const double scale = p < 1 ? 1 / (1 - p) : 0;
  const gpu::Changing<Philox> place = gpu::changing(stream);
  const int whole =
      gpu::whole<kWidth>(gpu::is_aligned(x, 16) && gpu::is_aligned(residual, 16) && gpu::is_aligned(y, 16));
  visit_float(dtype, [&]<class T>() {
    gpu::launch(drop_kernel<T>, {gpu::philox_blocks<kHalves>(n), gpu::kPhiloxThreads}, static_cast<const T*>(x),
                static_cast<const T*>(residual), static_cast<T*>(y), n, place, below, Compute<T>(scale), whole);
  });
}

void backward(const void* dy, void* dx, const std::uint64_t*, DType dtype, std::int64_t n, Philox stream, double p) {
  forward(dy, nullptr, dx, nullptr, dtype, n, stream, p);
}

}  // namespace
const DropoutKernels dropout = {forward, backward};
TILESTACK_CUDA_TABLE(dropout)
}  // namespace tilestack::cuda
