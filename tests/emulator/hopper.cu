// C = A B^T in bf16 by TMA, a ring of mbarriers, a producer warpgroup and two consumers with wgmma; blocks in clusters
// of two share the tiles of B by multicast; C leaves through shared memory and TMA.
#include "harness.h"

namespace tilestack {
namespace {

enum class HopperBug {
  none,
  lax_wait,
  wrong_expect,
  wrong_swizzle,
  early_release,
  missing_proxy_fence,
  early_read,
  missing_init_fence,
  missing_init,
  wrong_count,
  no_wait_for_store,
  no_wgmma_fence,
};

constexpr int kRows = 128, kCols = 64, kDepth = 64, kStages = 3, kCluster = 2, kThreads = 384;

struct HopperShared {
  alignas(1024) bfloat16 a[kStages][kRows][kDepth];
  alignas(1024) bfloat16 b[kStages][kCols][kDepth];
  alignas(1024) float c[kRows][kCols];
  alignas(8) std::uint64_t full[kStages], empty[kStages];
};

template <HopperBug kBug>
__global__ __launch_bounds__(kThreads, 1) void hopper_kernel(const __grid_constant__ gpu::TensorMap a_map,
                                                             const __grid_constant__ gpu::TensorMap b_map,
                                                             const __grid_constant__ gpu::TensorMap c_map, int k) {
  auto& shared = gpu::dyn_shared<HopperShared>();
  const int t = threadIdx.x, group = t / 128, rank = ptx::cluster_rank();
  const int row0 = blockIdx.x * kRows, col0 = blockIdx.y * kCols, steps = k / kDepth;
  if (t == 0 && kBug != HopperBug::missing_init) {
    for (int i = 0; i < kStages; ++i) {
      ptx::mbarrier_init(&shared.full[i], 1);
      ptx::mbarrier_init(&shared.empty[i], kBug == HopperBug::wrong_count ? 2 : 2 * kCluster);
    }
    if (kBug != HopperBug::missing_init_fence) ptx::fence_barrier_init();
  }
  ptx::cluster_sync();

  if (group == 0) {  // producer
    ptx::registers_decrease<40>();
    if (t == 0) {
      for (int step = 0; step < steps; ++step) {
        const int slot = step % kStages, round = step / kStages;
        ptx::mbarrier_wait_cluster(&shared.empty[slot], (round & 1) ^ 1);
        constexpr int kBytes = (kRows + kCols) * kDepth * 2;
        ptx::mbarrier_arrive_expect_tx(&shared.full[slot], kBug == HopperBug::wrong_expect ? kBytes / 2 : kBytes);
        ptx::tma_load<2>(shared.a[slot], &a_map, &shared.full[slot], {step * kDepth, row0});
        // Each block of the cluster fetches half of B for both.
        constexpr int kHalf = kCols / kCluster;
        ptx::tma_load_multicast<2>(shared.b[slot][rank * kHalf], &b_map, &shared.full[slot],
                                   {step * kDepth, col0 + rank * kHalf}, 3, ptx::L2::evict_last);
      }
    }
  } else {
    ptx::registers_increase<232>();
    const int w = group - 1, lane = t % 32, warp = t % 128 / 32;
    const auto release = [&](int step) {  // the slot of that step, in both blocks
      if (t % 128 < kCluster) ptx::mbarrier_arrive_remote(&shared.empty[step % kStages], t % 128);
    };
    float sum[kCols / 2];
    for (int step = 0; step < steps; ++step) {
      const int slot = step % kStages;
      if (kBug != HopperBug::lax_wait || step != 1) ptx::mbarrier_wait(&shared.full[slot], step / kStages & 1);
      if (kBug != HopperBug::no_wgmma_fence) ptx::wgmma_fence();
      for (int k0 = 0; k0 < kDepth; k0 += 16) {
        const auto swizzle = kBug == HopperBug::wrong_swizzle ? gpu::Swizzle::bytes64 : gpu::Swizzle::bytes128;
        const auto x = ptx::matrix_descriptor(&shared.a[slot][w * 64][k0], gpu::Swizzle::bytes128, 0, 1024);
        const auto y = ptx::matrix_descriptor(&shared.b[slot][0][k0], swizzle, 0, 1024);
        ptx::wgmma<bfloat16>(sum, x, y, step > 0 || k0 > 0);
      }
      ptx::wgmma_commit();
      if (kBug == HopperBug::early_release) {
        release(step);
        ptx::wgmma_wait<0>();
      } else {
        ptx::wgmma_wait<1>();
        ptx::barrier_sync(1 + w, 128);
        if (step > 0) release(step - 1);
      }
    }
    if (kBug != HopperBug::early_read) ptx::wgmma_wait<0>();
    ptx::hold_registers(sum);
    for (int j = 0; j < kCols / 8; ++j)
      for (int h = 0; h < 2; ++h) {
        float* to = &shared.c[w * 64 + warp * 16 + lane / 4 + 8 * h][8 * j + lane % 4 * 2];
        gpu::store(to, gpu::Pack<float, 2>{sum[4 * j + 2 * h], sum[4 * j + 2 * h + 1]});
      }
    if (kBug == HopperBug::early_read) ptx::wgmma_wait<0>();
    if (kBug != HopperBug::missing_proxy_fence) ptx::fence_proxy_async();
    ptx::barrier_sync(1 + w, 128);
    if (t % 128 == 0) {
      ptx::tma_store<2>(&c_map, shared.c[w * 64], {col0, row0 + w * 64});
      ptx::bulk_commit();
      if (kBug != HopperBug::no_wait_for_store) ptx::bulk_wait<0>();
    }
  }
  ptx::cluster_sync();  // nobody's shared memory goes while others may write to it
}

template <HopperBug kBug = HopperBug::none>
void hopper_product(Test& test) {
  const int m = 256, n = 192, k = 512;
  const auto a = test.random<bfloat16>(m * k), b = test.random<bfloat16>(n * k);
  auto c = test.empty<float>(m * n);
  const auto swizzle = gpu::Swizzle::bytes128;
  const auto a_map = gpu::tensor_map(DType::bfloat16, a.device, {k, m}, {k * 2}, {kDepth, kRows}, swizzle);
  const auto b_map = gpu::tensor_map(DType::bfloat16, b.device, {k, n}, {k * 2}, {kDepth, kCols / kCluster}, swizzle);
  const auto c_map = gpu::tensor_map(DType::float32, c.device, {n, m}, {n * 4}, {kCols, 64}, gpu::Swizzle::none);
  gpu::launch(hopper_kernel<kBug>, {dim3(m / kRows, n / kCols), kThreads, sizeof(HopperShared), kCluster}, a_map, b_map,
              c_map, k);
  test.check_product(c, a, b, m, n, k, true);
}

TEST(hopper, hopper_product<>);
BUG(hopper_lax_wait, kEverywhere, hopper_product<HopperBug::lax_wait>);
BUG(hopper_wrong_expect, kEverywhere, hopper_product<HopperBug::wrong_expect>);
BUG(hopper_wrong_swizzle, kEverywhere, hopper_product<HopperBug::wrong_swizzle>);
BUG(hopper_early_release, kRace, hopper_product<HopperBug::early_release>);
BUG(hopper_missing_proxy_fence, kRace, hopper_product<HopperBug::missing_proxy_fence>);
BUG(hopper_early_read, kEverywhere, hopper_product<HopperBug::early_read>);
BUG(hopper_missing_init_fence, kEverywhere, hopper_product<HopperBug::missing_init_fence>);
BUG(hopper_missing_init, kEverywhere, hopper_product<HopperBug::missing_init>);
BUG(hopper_wrong_count, kEverywhere, hopper_product<HopperBug::wrong_count>);
BUG(hopper_no_wait_for_store, kEverywhere, hopper_product<HopperBug::no_wait_for_store>);
BUG(hopper_no_wgmma_fence, kEverywhere, hopper_product<HopperBug::no_wgmma_fence>);

}  // namespace
}  // namespace tilestack
