// mbarriers, TMA in all ranks and swizzles, clusters, stmatrix.
#include "conformance.h"

namespace tilestack::conformance {
namespace {

constexpr int kTile = 8192;

struct Shared {
  alignas(1024) unsigned char tile[kTile];
  alignas(8) std::uint64_t bar, other;
};

// Loads a box and dumps shared memory as it lies, then stores it at other coordinates.
template <int kRank>
__global__ void tma_kernel(const __grid_constant__ gpu::TensorMap from, const __grid_constant__ gpu::TensorMap to,
                           unsigned char* dump, int bytes, int shift, bool add) {
  auto& s = gpu::dyn_shared<Shared>();
  for (int i = threadIdx.x; i < kTile; i += blockDim.x) s.tile[i] = 0;
  if (threadIdx.x == 0) {
    ptx::mbarrier_init(&s.bar, 1);
    ptx::fence_barrier_init();
    ptx::prefetch_tensor_map(&from);
  }
  ptx::fence_proxy_async();
  __syncthreads();
  int at[kRank];
  for (int i = 0; i < kRank; ++i) at[i] = i % 2 ? -1 : 1;
  if (threadIdx.x == 0) {
    ptx::mbarrier_expect_tx(&s.bar, bytes);
    ptx::tma_load<kRank>(s.tile, &from, &s.bar, at, ptx::L2::evict_first);
    ptx::mbarrier_arrive(&s.bar);
  }
  ptx::mbarrier_wait(&s.bar, 0);
  for (int i = threadIdx.x; i < kTile; i += blockDim.x) dump[i] = s.tile[i];
  if (threadIdx.x == 0) {
    for (int i = 0; i < kRank; ++i) at[i] += shift;
    if (add)
      ptx::tma_reduce_add<kRank>(&to, s.tile, at);
    else
      ptx::tma_store<kRank>(&to, s.tile, at);
    ptx::bulk_commit();
    ptx::bulk_wait_read<0>();
    ptx::bulk_wait<0>();
  }
}

template <int kRank, class T>
void tma(const std::string& name, std::initializer_list<std::int64_t> sizes, std::initializer_list<std::int64_t> pitch,
         std::initializer_list<int> box, gpu::Swizzle swizzle, bool add = false) {
  Buffer<T> x(16384), y(16384);
  Buffer<unsigned char> dump(kTile);
  x.fill(small<T>), y.fill(small<T>);
  int bytes = sizeof(T);
  for (const int n : box) bytes *= n;
  const auto from = gpu::tensor_map(dtype_of<T>, x.device, sizes, pitch, box, swizzle);
  const auto to = gpu::tensor_map(dtype_of<T>, y.device, sizes, pitch, box, swizzle);
  gpu::launch(tma_kernel<kRank>, {1, 32, sizeof(Shared)}, from, to, dump.device, bytes, 1, add);
  record("tma_load " + name, dump);
  record((add ? "tma_reduce_add " : "tma_store ") + name, y);
}

void all_tma() {
  using S = gpu::Swizzle;
  tma<1, float>("1d", {1000}, {}, {256}, S::none);
  tma<2, bfloat16>("2d", {56, 40}, {128}, {64, 24}, S::none);
  tma<2, bfloat16>("2d 32", {30, 50}, {128}, {16, 40}, S::bytes32);
  tma<2, bfloat16>("2d 64", {60, 50}, {128}, {32, 40}, S::bytes64);
  tma<2, bfloat16>("2d 128", {60, 50}, {128}, {64, 40}, S::bytes128);
  tma<2, float>("2d 128 float", {60, 50}, {256}, {32, 40}, S::bytes128);
  tma<2, std::uint8_t>("2d bytes", {60, 50}, {128}, {32, 17}, S::none);
  tma<3, float>("3d", {20, 9, 5}, {96, 1152}, {16, 8, 4}, S::bytes64);
  tma<4, bfloat16>("4d", {24, 6, 5, 4}, {48, 336, 1680}, {16, 5, 4, 3}, S::bytes32);
  tma<5, float>("5d", {12, 4, 3, 3, 3}, {48, 192, 576, 1728}, {8, 3, 3, 2, 2}, S::none);
  tma<1, float>("1d added", {1000}, {}, {256}, S::none, true);
  tma<2, float>("2d added", {60, 50}, {256}, {32, 40}, S::bytes128, true);
  tma<3, float>("3d added", {20, 9, 5}, {96, 1152}, {16, 8, 4}, S::none, true);
  tma<4, float>("4d added", {12, 6, 5, 4}, {48, 336, 1680}, {8, 5, 4, 3}, S::none, true);
  tma<5, float>("5d added", {12, 4, 3, 3, 3}, {48, 192, 576, 1728}, {8, 3, 3, 2, 2}, S::none, true);
}

__global__ void im2col_kernel(const __grid_constant__ gpu::TensorMap map, unsigned char* dump) {
  auto& s = gpu::dyn_shared<Shared>();
  if (threadIdx.x == 0) {
    ptx::mbarrier_init(&s.bar, 1);
    ptx::fence_barrier_init();
    ptx::mbarrier_arrive_expect_tx(&s.bar, kTile);
    ptx::tma_load_im2col(s.tile, &map, &s.bar, {0, 1, -1, 0}, 2, 1);
  }
  __syncthreads();
  ptx::mbarrier_wait(&s.bar, 0);
  for (int i = threadIdx.x; i < kTile; i += blockDim.x) dump[i] = s.tile[i];
}

// 64 channels of 64 places of two images of 9 by 7, with padding 1 and a kernel of 3, in steps of 2 and of 1.
void im2col() {
  Buffer<bfloat16> x(2 * 9 * 7 * 64);
  Buffer<unsigned char> dump(kTile);
  x.fill(small<bfloat16>);
  for (const int step : {1, 2}) {
    const auto map = gpu::tensor_map_im2col(DType::bfloat16, x.device, {64, 7, 9, 2}, {128, 7 * 128, 63 * 128},
                                            {{-1, -1}, {-1, -1}, {step, step}, 64, 64}, gpu::Swizzle::bytes128);
    gpu::launch(im2col_kernel, {1, 32, sizeof(Shared)}, map, dump.device);
    record("tma_load_im2col step " + std::to_string(step), dump);
  }
}

// Each block of a pair loads half a tile for both, tells the other, and reads a word of its memory.
__global__ void cluster_kernel(const __grid_constant__ gpu::TensorMap map, unsigned char* dump, int* words) {
  auto& s = gpu::dyn_shared<Shared>();
  const int rank = ptx::cluster_rank(), t = threadIdx.x;
  for (int i = t; i < kTile; i += blockDim.x) s.tile[i] = 0;
  if (t == 0) {
    ptx::mbarrier_init(&s.bar, 1);
    ptx::mbarrier_init(&s.other, 1);
    ptx::fence_barrier_init();
  }
  ptx::fence_proxy_async();
  ptx::cluster_sync();
  if (t == 0) {
    ptx::mbarrier_arrive_expect_tx(&s.bar, 4096);
    ptx::tma_load_multicast<2>(s.tile + rank * 2048, &map, &s.bar, {0, rank * 16}, 3);
  }
  while (!ptx::mbarrier_try_wait(&s.bar, 0)) {
  }
  if (t == 0) ptx::mbarrier_arrive_remote(&s.other, rank ^ 1);
  ptx::mbarrier_wait_cluster(&s.other, 0);
  for (int i = t; i < kTile; i += blockDim.x) dump[rank * kTile + i] = s.tile[i];
  const int word = *reinterpret_cast<const int*>(ptx::cluster_map(&s.tile[t * 4], rank ^ 1));
  words[rank * 32 + t] = word + ptx::cluster_size();
  const bool elected = ptx::elect_one();
  if (__ballot_sync(0xffffffffu, elected) == 0) words[rank * 32 + t] = -1;
  while (!ptx::mbarrier_test_wait(&s.other, 0)) {
  }
  ptx::cluster_arrive();
  ptx::cluster_wait();
  if (t == 0) ptx::mbarrier_invalidate(&s.bar);
}

void cluster() {
  Buffer<bfloat16> x(4096);
  Buffer<unsigned char> dump(2 * kTile);
  Buffer<int> words(64);
  x.fill(small<bfloat16>);
  const auto map = gpu::tensor_map(DType::bfloat16, x.device, {64, 64}, {128}, {64, 16}, gpu::Swizzle::bytes128);
  gpu::launch(cluster_kernel, {2, 32, sizeof(Shared), 2}, map, dump.device, words.device);
  record("tma_load_multicast", dump);
  record("cluster", words);
}

template <int kCount, bool kTransposed>
__device__ void stmatrix_one(unsigned char* tile, const std::uint32_t* x, unsigned char* y) {
  const int t = threadIdx.x;
  std::uint32_t r[kCount];
  for (int i = 0; i < kCount; ++i) r[i] = x[t * kCount + i];
  __syncwarp();
  ptx::stmatrix<kCount, kTransposed>(tile + t * 7 % 32 * 16, r);
  __syncwarp();
  for (int i = t; i < 512; i += 32) y[i] = tile[i];
}

// stmatrix, plain bulk copies, and what changes nothing that could be seen.
__global__ void copies_kernel(const std::uint32_t* x, unsigned char* y) {
  auto& s = gpu::dyn_shared<Shared>();
  const int t = threadIdx.x;
  ptx::griddepcontrol_wait();
  for (int i = t; i < kTile; i += 32) s.tile[i] = 0;
  if (t == 0) {
    ptx::mbarrier_init(&s.bar, 1);
    ptx::fence_barrier_init();
  }
  __syncwarp();
  stmatrix_one<1, false>(s.tile, x, y);
  stmatrix_one<2, false>(s.tile + 512, x, y + 512);
  stmatrix_one<4, false>(s.tile + 1024, x, y + 1024);
  stmatrix_one<1, true>(s.tile + 1536, x, y + 1536);
  stmatrix_one<2, true>(s.tile + 2048, x, y + 2048);
  stmatrix_one<4, true>(s.tile + 2560, x, y + 2560);
  ptx::fence_proxy_async();
  ptx::fence_proxy_async_global();
  __syncwarp();
  if (t == 0) {
    ptx::bulk_store(y + 3072, s.tile + 1024, 256);
    ptx::bulk_commit();
    ptx::bulk_wait<0>();
    ptx::mbarrier_arrive_expect_tx(&s.bar, 512);
    ptx::bulk_load(s.tile + 4096, x, 512, &s.bar);
  }
  ptx::mbarrier_wait(&s.bar, 0);
  for (int i = t; i < 512; i += 32) y[3328 + i] = s.tile[4096 + i];
  ptx::griddepcontrol_launch_dependents();
}

void copies() {
  Buffer<std::uint32_t> x(128);
  Buffer<unsigned char> y(3840);
  x.fill(random_word);
  gpu::launch(copies_kernel, {1, 32, sizeof(Shared)}, x.device, y.device);
  record("stmatrix and bulk copies", y);
}

}  // namespace

void run_hopper() {
  all_tma();
  im2col();
  cluster();
  copies();
}

}  // namespace tilestack::conformance
