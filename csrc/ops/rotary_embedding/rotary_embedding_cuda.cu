#include "ops/rotary_embedding/rotary_embedding.h"

#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

constexpr int kThreads = 256;

// Rows of four dimensions whose columns lie side by side.
template <class T>
struct Rows {
  T* data;
  std::int64_t strides[3];
  explicit Rows(const View& x) : data(static_cast<T*>(x.pointer)), strides{x.strides[0], x.strides[1], x.strides[2]} {}
  __device__ __forceinline__ T* at(std::int64_t i, std::int64_t j, std::int64_t k) const {
    return data + i * strides[0] + j * strides[1] + k * strides[2];
  }
};

// A thread has a pair, or one of the elements that stay.
template <class T>
__global__ void __launch_bounds__(kThreads)
    turn_kernel(Rows<const T> x, Rows<const Compute<T>> cos, Rows<const Compute<T>> sin, Rows<T> y, std::int64_t n,
                std::int64_t n1, std::int64_t n2, int dim, int half, bool interleaved, Compute<T> sign) {
  using C = Compute<T>;
  const int items = dim - half;
  for (std::int64_t at = gpu::global_thread(); at < n; at += gpu::global_threads()) {
    const std::int64_t row = at / items, i = row / (n1 * n2), j = row / n2 % n1, k = row % n2;
    const int item = static_cast<int>(at - row * items);
    const T* from = x.at(i, j, k);
    T* to = y.at(i, j, k);
    if (item >= half) {
      to[half + item] = from[half + item];
      continue;
    }
    const int first = interleaved ? 2 * item : item, second = interleaved ? first + 1 : first + half;
    const C a = to_compute(from[first]), b = to_compute(from[second]);
    const C c = cos.at(i, j, k)[item], s = sin.at(i, j, k)[item] * sign;
    to[first] = convert<T>(a * c - b * s);
    to[second] = convert<T>(b * c + a * s);
  }
}

void forward(View x, View cos, View sin, View y, bool interleaved, bool inverse) {
  visit_float(x.dtype, [&]<class T>() {
    using C = Compute<T>;
    const int dim = static_cast<int>(x.shape[3]), half = static_cast<int>(cos.shape[3]);
    const std::int64_t n = x.rows() * (dim - half);
    gpu::launch(turn_kernel<T>, {gpu::blocks_for(n, kThreads), kThreads}, Rows<const T>(x), Rows<const C>(cos),
                Rows<const C>(sin), Rows<T>(y), n, x.shape[1], x.shape[2], dim, half, interleaved,
                inverse ? C(-1) : C(1));
  });
}

}  // namespace
const RotaryEmbeddingKernels rotary_embedding = {forward};
TILESTACK_CUDA_TABLE(rotary_embedding)
}  // namespace tilestack::cuda
