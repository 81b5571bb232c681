#include "ops/quantized_linear/quantized_linear.h"

#include "core/gemm/gemm_cuda.h"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

constexpr int kThreads = 256;

// A thread decodes one weight.
template <class T>
__global__ void __launch_bounds__(kThreads)
    decode_kernel(const std::uint8_t* weight, const float* scales, T* to, std::int64_t count, std::int64_t in,
                  std::int64_t groups, bool narrow) {
  for (std::int64_t i = gpu::global_thread(); i < count; i += gpu::global_threads()) {
    const std::int64_t row = i / in, k = i - row * in;
    int q;
    if (narrow) {
      const int j = static_cast<int>(k % 16), nibble = static_cast<int>(k % kQuantBlock) / 16;
      const std::uint8_t byte = weight[(i - k % kQuantBlock) / 2 + 2 * j + nibble / 2];
      q = (byte >> nibble % 2 * 4 & 15) - 8;
    } else {
      q = static_cast<std::int8_t>(weight[i]);
    }
    to[i] = convert<T>(float(q) * scales[row * groups + k / (in / groups)]);
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads) copy_kernel(const T* from, T* to, std::int64_t count) {
  for (std::int64_t i = gpu::global_thread(); i < count; i += gpu::global_threads()) to[i] = from[i];
}

void forward(View x, View weight, View scales, View b, View y) {
  const std::int64_t out = y.size(1), in = x.size(1), count = out * in;
  visit_float(x.dtype, [&]<class T>() {
    if constexpr (sizeof(T) < 8) {
      gpu::Workspace<T> decoded(count + 1);
      if (count > 0)
        gpu::launch(decode_kernel<T>, {gpu::blocks_for(count, kThreads), kThreads}, weight.data<std::uint8_t>(),
                    scales.data<float>(), decoded.data, count, in, scales.size(1), weight.dtype == DType::uint8);
      // Products take another path where an address is odd, and its sums another order.
      const bool odd = x.numel() > 0 && !gpu::is_aligned(x.pointer, 16);
      gpu::Workspace<T> moved(odd ? x.numel() : 1);
      if (odd)
        gpu::launch(copy_kernel<T>, {gpu::blocks_for(x.numel(), kThreads), kThreads}, x.data<T>(), moved.data,
                    x.numel());
      GemmOutput c{.data = y.pointer, .dtype = y.dtype, .row_stride = out};
      c.bias = b.pointer;
      run_gemm({x.size(0),
                out,
                in,
                {.data = odd ? moved.data : x.pointer, .dtype = x.dtype, .row_stride = in, .depth_stride = 1},
                {.data = decoded.data, .dtype = x.dtype, .row_stride = in, .depth_stride = 1},
                c});
    }
  });
}

}  // namespace
const QuantizedLinearKernels quantized_linear = {forward};
TILESTACK_CUDA_TABLE(quantized_linear)
}  // namespace tilestack::cuda
