// C = A B^T in bf16 by ldmatrix and mma.sync, with tiles that cp.async brings into a ring of stages.
#include "harness.h"

namespace tilestack {
namespace {

enum class MmaBug { none, lax_wait, missing_barrier, late_barrier, no_swizzle_on_read };

constexpr int kRows = 64, kCols = 64, kDepth = 32, kStages = 3, kThreads = 128;

template <class T>
struct MmaShared {
  alignas(128) T a[kStages][kRows][kDepth];
  alignas(128) T b[kStages][kCols][kDepth];
};

// Chunks of 8 elements are permuted within pairs of rows, so that ldmatrix meets no bank twice.
__device__ __forceinline__ int swizzle(int row, int chunk) { return chunk ^ (row / 2 % 4); }

// a: (m, k), b: (n, k), c: (m, n) float; m and n multiples of 64, k of 8. Four warps of 32x32 each.
template <class T, MmaBug kBug>
__global__ __launch_bounds__(kThreads) void mma_kernel(const T* a, const T* b, float* c, int n, int k) {
  auto& shared = gpu::dyn_shared<MmaShared<T>>();
  const int t = threadIdx.x, lane = t % 32, warp = t / 32;
  const int row0 = blockIdx.y * kRows, col0 = blockIdx.x * kCols;
  const int warp_row = warp / 2 * 32, warp_col = warp % 2 * 32;
  const int steps = gpu::ceil_div(k, kDepth);

  const auto fetch = [&](int step) {
    if (step < steps) {
      for (int i = t; i < kRows * kDepth / 8; i += kThreads) {
        const int row = i / 4, chunk = i % 4, col = step * kDepth + chunk * 8;
        const int bytes = col < k ? 16 : 0;
        const std::int64_t at = bytes ? col : 0;
        const int to = swizzle(row, chunk) * 8;
        ptx::cp_async<16>(&shared.a[step % kStages][row][to], a + std::int64_t(row0 + row) * k + at, bytes);
        ptx::cp_async<16>(&shared.b[step % kStages][row][to], b + std::int64_t(col0 + row) * k + at, bytes);
      }
    }
    ptx::cp_async_commit();
  };

  float sum[2][4][4] = {};
  for (int step = 0; step < kStages - 1; ++step) fetch(step);
  for (int step = 0; step < steps; ++step) {
    if (kBug == MmaBug::late_barrier) fetch(step + kStages - 1);  // into the slot that other warps still read
    ptx::cp_async_wait<kStages - 2 + (kBug == MmaBug::lax_wait || kBug == MmaBug::late_barrier)>();
    if (kBug != MmaBug::missing_barrier) __syncthreads();
    if (kBug != MmaBug::late_barrier) fetch(step + kStages - 1);
    const int stage = step % kStages;
    for (int k0 = 0; k0 < kDepth; k0 += 16) {
      std::uint32_t x[2][4], y[4][2];
      for (int i = 0; i < 2; ++i) {
        const int row = warp_row + i * 16 + lane % 16, chunk = k0 / 8 + lane / 16;
        const int at = (kBug == MmaBug::no_swizzle_on_read ? chunk : swizzle(row, chunk)) * 8;
        ptx::ldmatrix<4>(x[i], &shared.a[stage][row][at]);
      }
      for (int j = 0; j < 4; ++j) {
        const int row = warp_col + j * 8 + lane % 8, chunk = k0 / 8 + lane / 8 % 2;
        ptx::ldmatrix<2>(y[j], &shared.b[stage][row][swizzle(row, chunk) * 8]);
      }
      for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 4; ++j) ptx::mma<T>(sum[i][j], x[i], y[j]);
    }
  }
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 4; ++j)
      for (int h = 0; h < 2; ++h) {
        const int row = row0 + warp_row + i * 16 + lane / 4 + 8 * h, col = col0 + warp_col + j * 8 + lane % 4 * 2;
        gpu::store(c + std::int64_t(row) * n + col, gpu::Pack<float, 2>{sum[i][j][2 * h], sum[i][j][2 * h + 1]});
      }
}

template <class T, MmaBug kBug = MmaBug::none>
void mma_product(Test& test) {
  const int m = 128, n = 192, k = 168;
  const auto a = test.random<T>(m * k), b = test.random<T>(n * k);
  auto c = test.empty<float>(m * n);
  gpu::launch(mma_kernel<T, kBug>, {dim3(n / kCols, m / kRows), kThreads, sizeof(MmaShared<T>)}, a.device, b.device,
              c.device, n, k);
  test.check_product(c, a, b, m, n, k, true);
}

TEST(mma_bf16, mma_product<bfloat16>);
TEST(mma_f16, mma_product<float16>);
BUG(mma_lax_wait, kPlain | kAsan, mma_product<bfloat16, MmaBug::lax_wait>);
BUG(mma_missing_barrier, kRace, mma_product<bfloat16, MmaBug::missing_barrier>);
BUG(mma_late_barrier, kRace, mma_product<bfloat16, MmaBug::late_barrier>);
BUG(mma_wrong_swizzle, kEverywhere, mma_product<bfloat16, MmaBug::no_swizzle_on_read>);

}  // namespace
}  // namespace tilestack
