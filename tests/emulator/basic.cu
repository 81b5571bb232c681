// Kernels of the plain kinds: elementwise, reductions, a tiled product in shared memory.
#include "cuda/gpu.h"
#include "harness.h"

namespace tilestack {
namespace {

template <class T>
__global__ void scale_kernel(const T* x, T* y, std::int64_t n, float factor) {
  constexpr int kWidth = gpu::kPack<T>;
  for (std::int64_t i = gpu::global_thread() * kWidth; i < n; i += gpu::global_threads() * kWidth) {
    auto v = gpu::load_compute<kWidth>(x + i);
    for (int j = 0; j < kWidth; ++j) v[j] *= factor;
    gpu::store_compute(y + i, v);
  }
}

template <class T>
void scale(Test& test) {
  const std::int64_t n = 1 << 20;
  const auto x = test.random<T>(n);
  auto y = test.empty<T>(n);
  gpu::launch(scale_kernel<T>, {64, 256}, x.device, y.device, n, 3.0f);
  const auto got = y.host();
  for (std::int64_t i = 0; i < n; ++i) test.near(convert<float>(got[i]), 3 * convert<float>(x.values[i]), 1e-2f, i);
}

// One block sums everything, in the order of its threads.
__global__ void sum_kernel(const float* x, float* total, int n) {
  float sum = 0;
  for (int i = threadIdx.x; i < n; i += blockDim.x) sum += x[i];
  sum = block_sum(sum);
  if (threadIdx.x == 0) *total = sum;
}

void reduce(Test& test) {
  const int n = 100003;
  const auto x = test.random<float>(n);
  auto total = test.empty<float>(1);
  gpu::launch(sum_kernel, {1, 1024}, x.device, total.device, n);
  double expected = 0;
  for (const float v : x.values) expected += v;
  test.near(total.host()[0], expected, 1e-2, 0);
}

__global__ void softmax_kernel(const float* x, float* y, int cols) {
  x += std::int64_t(blockIdx.x) * cols;
  y += std::int64_t(blockIdx.x) * cols;
  float top = -INFINITY;
  for (int i = threadIdx.x; i < cols; i += blockDim.x) top = fmaxf(top, x[i]);
  top = block_max(top);
  float sum = 0;
  for (int i = threadIdx.x; i < cols; i += blockDim.x) sum += __expf(x[i] - top);
  const float scale = 1 / block_sum(sum);
  for (int i = threadIdx.x; i < cols; i += blockDim.x) y[i] = __expf(x[i] - top) * scale;
}

void softmax(Test& test) {
  const int rows = 256, cols = 1000;
  const auto x = test.random<float>(rows * cols);
  auto y = test.empty<float>(rows * cols);
  gpu::launch(softmax_kernel, {rows, 128}, x.device, y.device, cols);
  const auto got = y.host();
  for (int r = 0; r < rows; ++r) {
    double sum = 0;
    for (int c = 0; c < cols; ++c) sum += std::exp(x.values[r * cols + c]);
    for (int c = 0; c < cols; ++c)
      test.near(got[r * cols + c], std::exp(x.values[r * cols + c]) / sum, 1e-5, r * cols + c);
  }
}

enum class SgemmBug { none, missing_barrier, divergent_barrier, index_out_of_range, late_barrier };

// C = A B, row-major, 64x64 tiles by 256 threads of 4x4 elements each.
template <SgemmBug kBug>
__global__ __launch_bounds__(256) void sgemm_kernel(const float* a, const float* b, float* c, int n, int k) {
  constexpr int kTile = 64, kDepth = 16;
  GPU_SHARED(a_tile, float[kDepth][kTile]);
  GPU_SHARED(b_tile, float[kDepth][kTile]);
  const int row0 = blockIdx.y * kTile, col0 = blockIdx.x * kTile, t = threadIdx.x;
  const int row = t / 16 * 4, col = t % 16 * 4;
  float sum[4][4] = {};
  for (int k0 = 0; k0 < k; k0 += kDepth) {
    const auto av = gpu::load<4>(a + std::int64_t(row0 + t / 4) * k + k0 + t % 4 * 4);
    for (int i = 0; i < 4; ++i) a_tile[t % 4 * 4 + i][t / 4] = av[i];
    const int depth = t / 16 + (kBug == SgemmBug::index_out_of_range && t == 255 ? 1 : 0);
    gpu::store(&b_tile[depth][col], gpu::load<4>(b + std::int64_t(k0 + t / 16) * n + col0 + col));
    if (kBug == SgemmBug::divergent_barrier && t == 77) {
      __syncthreads();
    } else if (kBug != SgemmBug::missing_barrier) {
      __syncthreads();
    }
    for (int i = 0; i < kDepth; ++i) {
      const auto x = gpu::load<4>(&a_tile[i][row]), y = gpu::load<4>(&b_tile[i][col]);
      for (int r = 0; r < 4; ++r)
        for (int s = 0; s < 4; ++s) sum[r][s] += x[r] * y[s];
    }
    if (kBug != SgemmBug::late_barrier) __syncthreads();
  }
  for (int r = 0; r < 4; ++r)
    gpu::store(c + std::int64_t(row0 + row + r) * n + col0 + col,
               gpu::Pack<float, 4>{sum[r][0], sum[r][1], sum[r][2], sum[r][3]});
}

template <SgemmBug kBug = SgemmBug::none>
void sgemm(Test& test) {
  const int m = 128, n = 192, k = 80;
  const auto a = test.random<float>(m * k), b = test.random<float>(k * n);
  auto c = test.empty<float>(m * n);
  gpu::launch(sgemm_kernel<kBug>, {dim3(n / 64, m / 64), 256}, a.device, b.device, c.device, n, k);
  test.check_product(c, a, b, m, n, k);
}

TEST(scale_float, scale<float>);
TEST(scale_bfloat16, scale<bfloat16>);
TEST(reduce, reduce);
TEST(softmax, softmax);
TEST(sgemm, sgemm<>);
BUG(sgemm_missing_barrier, kRace, sgemm<SgemmBug::missing_barrier>);
BUG(sgemm_late_barrier, kRace, sgemm<SgemmBug::late_barrier>);
BUG(sgemm_divergent_barrier, kPlain, sgemm<SgemmBug::divergent_barrier>);
BUG(sgemm_index_out_of_range, kAsan, sgemm<SgemmBug::index_out_of_range>);

}  // namespace
}  // namespace tilestack
