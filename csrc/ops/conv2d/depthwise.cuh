#pragma once
// Convolution with one channel a group: sums over taps, for vectors of channels.
#include "core/gemm/chunks.cuh"
#include "cuda/activate.cuh"
#include "cuda/fast_div.h"
#include "cuda/runtime.h"
#include "ops/conv2d/geometry.h"

namespace tilestack::cuda {
namespace {

// In one direction, pixel i of the result meets pixel (origin + i step + u tap) / divisor of the source through tap u,
// where that is whole. For y the divisor is 1, for dx the stride.
struct DepthwiseAxis {
  int size, source, taps, origin, step, tap;
  gpu::FastDiv divisor;
  bool divides;

  // The source's pixel, or -1.
  __device__ __forceinline__ int at(int i, int u) const {
    const int place = origin + i * step + u * tap;
    if (place < 0) return -1;
    auto pixel = static_cast<std::uint32_t>(place);
    if (divides && divisor.split(pixel) != 0) return -1;
    return pixel < static_cast<std::uint32_t>(source) ? static_cast<int>(pixel) : -1;
  }
};

struct Depthwise {
  DepthwiseAxis y, x;
  std::int64_t batch;
  int channels;

  Depthwise(const Geometry& g, bool of_input) : y(axis(g, 0, of_input)), x(axis(g, 1, of_input)), batch(g.batch) {
    channels = static_cast<int>(g.in);
  }
  static DepthwiseAxis axis(const Geometry& g, int d, bool of_input) {
    const auto stride = static_cast<int>(g.steps.stride[d]), padding = static_cast<int>(g.steps.padding[d]);
    const auto dilation = static_cast<int>(g.steps.dilation[d]), taps = static_cast<int>(g.kernel[d]);
    const auto in = static_cast<int>(g.size[d]), out = static_cast<int>(g.out_size[d]);
    if (of_input) return {in, out, taps, padding, 1, -dilation, gpu::FastDiv(stride), stride > 1};
    return {out, in, taps, -padding, stride, dilation, gpu::FastDiv(), false};
  }
  std::int64_t rows() const { return batch * y.size; }
};

struct DepthwiseEpilogue {
  const void* bias = nullptr;
  void* pre = nullptr;
  Activation activation = Activation::none;
};

constexpr int kPixels = 4;  // neighbours that a thread computes together: they share the weights' loads

// result[row, j, c] = sum over taps of source[...] w[tap, c]. w: (taps, channels) in the type of the sums. A thread has
// kWidth channels of kPixels neighbours.
template <class S, int kWidth>
__global__ __launch_bounds__(256) void depthwise_kernel(const S* source, const Compute<S>* w, S* result,
                                                        const __grid_constant__ Depthwise d, DepthwiseEpilogue e) {
  using T = Compute<S>;
  const int vectors = d.channels / kWidth, groups = gpu::ceil_div(d.x.size, kPixels);
  const std::int64_t index = gpu::global_thread();
  const int c = static_cast<int>(index % vectors) * kWidth;
  const std::int64_t block = index / vectors, row = block / groups;
  if (row >= d.batch * d.y.size) return;
  const int j0 = static_cast<int>(block % groups) * kPixels, i = static_cast<int>(row % d.y.size);
  const std::int64_t image = row / d.y.size * d.y.source;
  gpu::Pack<T, kWidth> sum[kPixels] = {};
#pragma unroll 1
  for (int u = 0; u < d.y.taps; ++u) {
    const int y = d.y.at(i, u);
    if (y < 0) continue;
    const S* line = source + (image + y) * d.x.source * d.channels + c;
#pragma unroll 1
    for (int v = 0; v < d.x.taps; ++v) {
      const auto weight = gpu::load<kWidth>(w + std::int64_t(u * d.x.taps + v) * d.channels + c);
#pragma unroll
      for (int p = 0; p < kPixels; ++p) {
        const int x = d.x.at(j0 + p, v);
        if (x < 0) continue;
        const auto from = gpu::load_compute<kWidth>(line + std::int64_t(x) * d.channels);
#pragma unroll
        for (int k = 0; k < kWidth; ++k) sum[p][k] += from[k] * weight[k];
      }
    }
  }
  const std::int64_t at = (row * d.x.size + j0) * d.channels + c;
#pragma unroll
  for (int p = 0; p < kPixels; ++p) {
    if (j0 + p >= d.x.size) break;
    if (e.bias) {
      const auto bias = gpu::load_compute<kWidth>(static_cast<const S*>(e.bias) + c);
#pragma unroll
      for (int k = 0; k < kWidth; ++k) sum[p][k] += bias[k];
    }
    if (e.pre) gpu::store_compute(static_cast<S*>(e.pre) + at + p * d.channels, sum[p]);
    if (e.activation != Activation::none) {
#pragma unroll
      for (int k = 0; k < kWidth; ++k) sum[p][k] = gpu::activate(e.activation, sum[p][k]);
    }
    gpu::store_compute(result + at + p * d.channels, sum[p]);
  }
}

// w (channels, taps) to (taps, channels) in the type of the sums.
template <class S>
__global__ __launch_bounds__(256) void depthwise_order_kernel(const S* w, Compute<S>* to, int channels, int taps) {
  for (std::int64_t i = gpu::global_thread(); i < std::int64_t(channels) * taps; i += gpu::global_threads())
    to[i] = to_compute(w[i % channels * taps + i / channels]);
}

template <class S>
void depthwise(const S* source, const S* w, S* result, const Depthwise& d, const DepthwiseEpilogue& epilogue) {
  using T = Compute<S>;
  const std::int64_t taps = std::int64_t(d.y.taps) * d.x.taps;
  const gpu::Workspace<T> weights(taps * d.channels);
  gpu::launch(depthwise_order_kernel<S>, {gpu::blocks_for(taps * d.channels, 256), 256}, w, weights.data, d.channels,
              static_cast<int>(taps));
  constexpr int kWide = gpu::kPack<S>;
  const bool wide = d.channels % kWide == 0 && gpu::is_aligned(source, 16) && gpu::is_aligned(result, 16) &&
                    gpu::is_aligned(epilogue.bias, 16) && gpu::is_aligned(epilogue.pre, 16);
  const std::int64_t threads = d.rows() * gpu::ceil_div(d.x.size, kPixels) * (d.channels / (wide ? kWide : 1));
  gpu::launch(wide ? depthwise_kernel<S, kWide> : depthwise_kernel<S, 1>,
              {static_cast<unsigned>(gpu::ceil_div(threads, 256)), 256}, source, weights.data, result, d, epilogue);
}

// dw = sums over pixels of x dz. A block sums a chunk of y's pixels for kLanes vectors of channels, tap by tap: the
// chunk stays in the cache. partial: (chunks, taps, channels).
template <class S, int kWidth>
__global__ __launch_bounds__(256, 4) void depthwise_weights_kernel(const S* x, const S* dz, Compute<S>* partial,
                                                                   const __grid_constant__ Depthwise d, int chunk) {
  using T = Compute<S>;
  constexpr int kLanes = 8, kLines = 32;
  using Vector = gpu::Pack<T, kWidth>;
  GPU_SHARED(lines, Vector[kLines][kLanes]);
  const int lane = threadIdx.x % kLanes, line = threadIdx.x / kLanes;
  const int c = (blockIdx.y * kLanes + lane) * kWidth, taps = d.y.taps * d.x.taps;
  const std::int64_t begin = std::int64_t(blockIdx.x) * chunk, pixels = d.batch * d.y.size * d.x.size;
  const std::int64_t end = begin + chunk < pixels ? begin + chunk : pixels;
#pragma unroll 1
  for (int t = 0; t < taps; ++t) {
    Vector sum{};
    if (c < d.channels) {
#pragma unroll 2
      for (std::int64_t pixel = begin + line; pixel < end; pixel += kLines) {
        const std::int64_t row = pixel / d.x.size;
        const int y = d.y.at(static_cast<int>(row % d.y.size), t / d.x.taps);
        const int column = d.x.at(static_cast<int>(pixel - row * d.x.size), t % d.x.taps);
        if (y < 0 || column < 0) continue;
        const std::int64_t from = (row / d.y.size * d.y.source + y) * d.x.source + column;
        const auto a = gpu::load_compute<kWidth>(x + from * d.channels + c);
        const auto b = gpu::load_compute<kWidth>(dz + pixel * d.channels + c);
#pragma unroll
        for (int k = 0; k < kWidth; ++k) sum[k] += a[k] * b[k];
      }
    }
    lines[line][lane] = sum;
    __syncthreads();
    if (line == 0 && c < d.channels) {
      for (int other = 1; other < kLines; ++other)
#pragma unroll
        for (int k = 0; k < kWidth; ++k) sum[k] += lines[other][lane][k];
      gpu::store(partial + (std::int64_t(blockIdx.x) * taps + t) * d.channels + c, sum);
    }
    __syncthreads();
  }
}

template <class S>
void depthwise_weights(const S* x, const S* dz, S* dw, const Depthwise& d) {
  using T = Compute<S>;
  constexpr int kWide = gpu::kPack<S>;
  constexpr std::int64_t kMostPixels = 512, kLeastPixels = 64, kBlocks = 2 * 132;
  const bool wide = d.channels % kWide == 0 && gpu::is_aligned(x, 16) && gpu::is_aligned(dz, 16);
  const std::int64_t across = gpu::ceil_div(d.channels, 8 * (wide ? kWide : 1)), taps = d.y.taps * d.x.taps;
  const std::int64_t pixels = d.rows() * d.x.size;
  std::int64_t chunk = gpu::ceil_div(pixels * across, kBlocks);
  chunk = chunk < kLeastPixels ? kLeastPixels : chunk > kMostPixels ? kMostPixels : chunk;
  const std::int64_t chunks = gpu::ceil_div(pixels, chunk);
  const gpu::Workspace<T> partial(chunks * taps * d.channels);
  gpu::launch(wide ? depthwise_weights_kernel<S, kWide> : depthwise_weights_kernel<S, 1>,
              {dim3(static_cast<unsigned>(chunks), static_cast<unsigned>(across)), 256}, x, dz, partial.data, d,
              static_cast<int>(chunk));
  add_chunks<S>(partial, dw, chunks, d.channels, taps);
}

}  // namespace
}  // namespace tilestack::cuda
