#pragma once
// Part of ptx.h: mbarriers, TMA, clusters (sm_90 and later), and what only sm_90a has.

namespace tilestack::ptx {

// mbarriers: 8 bytes of shared memory. A phase ends when `count` arrivals came and all expected bytes landed.
__device__ __forceinline__ void mbarrier_init(std::uint64_t* bar, int count) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(bar)), "r"(count) : "memory");
}
__device__ __forceinline__ void mbarrier_invalidate(std::uint64_t* bar) {
  asm volatile("mbarrier.inval.shared::cta.b64 [%0];" ::"r"(shared_address(bar)) : "memory");
}
__device__ __forceinline__ void mbarrier_arrive(std::uint64_t* bar) {
  asm volatile("{\n.reg .b64 state;\nmbarrier.arrive.shared::cta.b64 state, [%0];\n}" ::"r"(shared_address(bar))
               : "memory");
}
__device__ __forceinline__ void mbarrier_expect_tx([[maybe_unused]] std::uint64_t* bar, [[maybe_unused]] int bytes) {
#if PTX_SM90
  asm volatile("mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%0], %1;" ::"r"(shared_address(bar)), "r"(bytes)
               : "memory");
#else
  __trap();
#endif
}
__device__ __forceinline__ void mbarrier_arrive_expect_tx([[maybe_unused]] std::uint64_t* bar,
                                                          [[maybe_unused]] int bytes) {
#if PTX_SM90
  asm volatile(
      "{\n.reg .b64 state;\nmbarrier.arrive.expect_tx.shared::cta.b64 state, [%0], %1;\n}" ::"r"(shared_address(bar)),
      "r"(bytes)
      : "memory");
#else
  __trap();
#endif
}
// The barrier at the same place in the shared memory of block `rank` of the cluster.
__device__ __forceinline__ void mbarrier_arrive_remote([[maybe_unused]] std::uint64_t* bar, [[maybe_unused]] int rank) {
#if PTX_SM90
  asm volatile(
      "{\n.reg .b32 remote;\nmapa.shared::cluster.u32 remote, %0, %1;\n"
      "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [remote];\n}" ::"r"(shared_address(bar)),
      "r"(rank)
      : "memory");
#else
  __trap();
#endif
}
// Whether the phase of this parity has ended: 0 for the first phase, then 1, 0, ... A fresh barrier passes parity 1.
__device__ __forceinline__ bool mbarrier_test_wait([[maybe_unused]] std::uint64_t* bar,
                                                   [[maybe_unused]] std::uint32_t parity) {
#if PTX_SM90
  std::uint32_t done;
  asm volatile("{\n.reg .pred p;\nmbarrier.test_wait.parity.shared::cta.b64 p, [%1], %2;\nselp.u32 %0, 1, 0, p;\n}"
               : "=r"(done)
               : "r"(shared_address(bar)), "r"(parity)
               : "memory");
  return done;
#else
  __trap();
  return false;
#endif
}
// As test_wait, but it may sleep for a while first.
__device__ __forceinline__ bool mbarrier_try_wait([[maybe_unused]] std::uint64_t* bar,
                                                  [[maybe_unused]] std::uint32_t parity) {
#if PTX_SM90
  std::uint32_t done;
  asm volatile("{\n.reg .pred p;\nmbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\nselp.u32 %0, 1, 0, p;\n}"
               : "=r"(done)
               : "r"(shared_address(bar)), "r"(parity)
               : "memory");
  return done;
#else
  __trap();
  return false;
#endif
}
__device__ __forceinline__ void mbarrier_wait(std::uint64_t* bar, std::uint32_t parity) {
  while (!mbarrier_try_wait(bar, parity)) {
  }
}
// For phases in which other blocks of the cluster arrive.
__device__ __forceinline__ void mbarrier_wait_cluster([[maybe_unused]] std::uint64_t* bar,
                                                      [[maybe_unused]] std::uint32_t parity) {
#if PTX_SM90
  std::uint32_t done = 0;
  while (!done)
    asm volatile(
        "{\n.reg .pred p;\nmbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 p, [%1], %2;\n"
        "selp.u32 %0, 1, 0, p;\n}"
        : "=r"(done)
        : "r"(shared_address(bar)), "r"(parity)
        : "memory");
#else
  __trap();
#endif
}

// After mbarrier_init, before the block's (the cluster's) barrier that lets others use it.
__device__ __forceinline__ void fence_barrier_init() {
#if PTX_SM90
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
#else
  __trap();
#endif
}
// Between ordinary writes of shared memory and TMA or wgmma that read it.
__device__ __forceinline__ void fence_proxy_async() {
#if PTX_SM90
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#else
  __trap();
#endif
}
// The same for global memory.
__device__ __forceinline__ void fence_proxy_async_global() {
#if PTX_SM90
  asm volatile("fence.proxy.async.global;" ::: "memory");
#else
  __trap();
#endif
}

// TMA. One thread calls. Boxes at coordinates `at`, innermost first.
enum class L2 : std::uint64_t {
  normal = 0x1000000000000000ull,
  evict_first = 0x12F0000000000000ull,
  evict_last = 0x14F0000000000000ull
};

#if PTX_SM90
#define PTX_TMA(text, ...) asm volatile(text::__VA_ARGS__ : "memory")
#else
#define PTX_TMA(text, ...) __trap()
#endif
#if PTX_SM90A
#define PTX_TMA_SM90A(text, ...) asm volatile(text::__VA_ARGS__ : "memory")
#else
#define PTX_TMA_SM90A(text, ...) __trap()
#endif
#define PTX_LOAD(dims, coords, bar, hint, ...)                                                                   \
  PTX_TMA("cp.async.bulk.tensor." dims                                                                           \
          "d.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint [%0], [%1, {" coords "}], [" bar \
          "], " hint ";",                                                                                        \
          "r"(to), "l"(map), __VA_ARGS__)
#define PTX_LOAD_MULTICAST(dims, coords, bar, mask, hint, ...)                                                      \
  PTX_TMA_SM90A(                                                                                                    \
      "cp.async.bulk.tensor." dims                                                                                  \
      "d.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster.L2::cache_hint [%0], [%1, {" coords \
      "}], [" bar "], " mask ", " hint ";",                                                                         \
      "r"(to), "l"(map), __VA_ARGS__)

// Completes on `bar` with the bytes of the whole box.
template <int kRank>
__device__ __forceinline__ void tma_load(void* shared, const gpu::TensorMap* map, std::uint64_t* bar,
                                         const int (&at)[kRank], L2 hint = L2::normal) {
  static_assert(kRank >= 1 && kRank <= 5);
  [[maybe_unused]] const std::uint32_t to = shared_address(shared), on = shared_address(bar);
  [[maybe_unused]] const auto policy = static_cast<std::uint64_t>(hint);
  if constexpr (kRank == 1)
    PTX_LOAD("1", "%2", "%3", "%4", "r"(at[0]), "r"(on), "l"(policy));
  else if constexpr (kRank == 2)
    PTX_LOAD("2", "%2, %3", "%4", "%5", "r"(at[0]), "r"(at[1]), "r"(on), "l"(policy));
  else if constexpr (kRank == 3)
    PTX_LOAD("3", "%2, %3, %4", "%5", "%6", "r"(at[0]), "r"(at[1]), "r"(at[2]), "r"(on), "l"(policy));
  else if constexpr (kRank == 4)
    PTX_LOAD("4", "%2, %3, %4, %5", "%6", "%7", "r"(at[0]), "r"(at[1]), "r"(at[2]), "r"(at[3]), "r"(on), "l"(policy));
  else
    PTX_LOAD("5", "%2, %3, %4, %5, %6", "%7", "%8", "r"(at[0]), "r"(at[1]), "r"(at[2]), "r"(at[3]), "r"(at[4]), "r"(on),
             "l"(policy));
}
// Of a map by tensor_map_im2col: from channel at[0] on, the places from (width, height, image) at[1..3] on, of the
// kernel's pixel (pixel_w, pixel_h), counted with the dilation.
__device__ __forceinline__ void tma_load_im2col(void* shared, const gpu::TensorMap* map, std::uint64_t* bar,
                                                const int (&at)[4], [[maybe_unused]] int pixel_w,
                                                [[maybe_unused]] int pixel_h, L2 hint = L2::normal) {
  [[maybe_unused]] const std::uint32_t to = shared_address(shared), on = shared_address(bar);
  [[maybe_unused]] const auto policy = static_cast<std::uint64_t>(hint);
  PTX_TMA(
      "cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes.L2::cache_hint [%0], "
      "[%1, {%2, %3, %4, %5}], [%6], {%7, %8}, %9;",
      "r"(to), "l"(map), "r"(at[0]), "r"(at[1]), "r"(at[2]), "r"(at[3]), "r"(on),
      "h"(static_cast<std::uint16_t>(pixel_w)), "h"(static_cast<std::uint16_t>(pixel_h)), "l"(policy));
}
// To the same place of each block of the cluster whose bit is set in `mask`; each one's own barrier gets the
// bytes. sm_90a.
template <int kRank>
__device__ __forceinline__ void tma_load_multicast(void* shared, const gpu::TensorMap* map, std::uint64_t* bar,
                                                   const int (&at)[kRank], std::uint16_t mask, L2 hint = L2::normal) {
  static_assert(kRank >= 1 && kRank <= 5);
  [[maybe_unused]] const std::uint32_t to = shared_address(shared), on = shared_address(bar);
  [[maybe_unused]] const auto policy = static_cast<std::uint64_t>(hint);
  if constexpr (kRank == 1)
    PTX_LOAD_MULTICAST("1", "%2", "%3", "%4", "%5", "r"(at[0]), "r"(on), "h"(mask), "l"(policy));
  else if constexpr (kRank == 2)
    PTX_LOAD_MULTICAST("2", "%2, %3", "%4", "%5", "%6", "r"(at[0]), "r"(at[1]), "r"(on), "h"(mask), "l"(policy));
  else if constexpr (kRank == 3)
    PTX_LOAD_MULTICAST("3", "%2, %3, %4", "%5", "%6", "%7", "r"(at[0]), "r"(at[1]), "r"(at[2]), "r"(on), "h"(mask),
                       "l"(policy));
  else if constexpr (kRank == 4)
    PTX_LOAD_MULTICAST("4", "%2, %3, %4, %5", "%6", "%7", "%8", "r"(at[0]), "r"(at[1]), "r"(at[2]), "r"(at[3]), "r"(on),
                       "h"(mask), "l"(policy));
  else
    PTX_LOAD_MULTICAST("5", "%2, %3, %4, %5, %6", "%7", "%8", "%9", "r"(at[0]), "r"(at[1]), "r"(at[2]), "r"(at[3]),
                       "r"(at[4]), "r"(on), "h"(mask), "l"(policy));
}
#undef PTX_LOAD
#undef PTX_LOAD_MULTICAST
#undef PTX_TMA_SM90A

#define PTX_STORE_RANKS(operation, kind)                                                                               \
  static_assert(kRank >= 1 && kRank <= 5);                                                                             \
  [[maybe_unused]] const std::uint32_t from = shared_address(shared);                                                  \
  if constexpr (kRank == 1)                                                                                            \
    PTX_TMA(operation ".async.bulk.tensor.1d.global.shared::cta" kind ".bulk_group [%0, {%1}], [%2];", "l"(map),       \
            "r"(at[0]), "r"(from));                                                                                    \
  else if constexpr (kRank == 2)                                                                                       \
    PTX_TMA(operation ".async.bulk.tensor.2d.global.shared::cta" kind ".bulk_group [%0, {%1, %2}], [%3];", "l"(map),   \
            "r"(at[0]), "r"(at[1]), "r"(from));                                                                        \
  else if constexpr (kRank == 3)                                                                                       \
    PTX_TMA(operation ".async.bulk.tensor.3d.global.shared::cta" kind ".bulk_group [%0, {%1, %2, %3}], [%4];",         \
            "l"(map), "r"(at[0]), "r"(at[1]), "r"(at[2]), "r"(from));                                                  \
  else if constexpr (kRank == 4)                                                                                       \
    PTX_TMA(operation ".async.bulk.tensor.4d.global.shared::cta" kind ".bulk_group [%0, {%1, %2, %3, %4}], [%5];",     \
            "l"(map), "r"(at[0]), "r"(at[1]), "r"(at[2]), "r"(at[3]), "r"(from));                                      \
  else                                                                                                                 \
    PTX_TMA(operation ".async.bulk.tensor.5d.global.shared::cta" kind ".bulk_group [%0, {%1, %2, %3, %4, %5}], [%6];", \
            "l"(map), "r"(at[0]), "r"(at[1]), "r"(at[2]), "r"(at[3]), "r"(at[4]), "r"(from))

// Stores need bulk_commit, and bulk_wait_read before the shared memory is used again, or the block ends.
template <int kRank>
__device__ __forceinline__ void tma_store(const gpu::TensorMap* map, const void* shared, const int (&at)[kRank]) {
  PTX_STORE_RANKS("cp", "");
}
// Adds to what is there. Float sums then depend on the order of the blocks.
template <int kRank>
__device__ __forceinline__ void tma_reduce_add(const gpu::TensorMap* map, const void* shared, const int (&at)[kRank]) {
  PTX_STORE_RANKS("cp.reduce", ".add");
}
#undef PTX_STORE_RANKS

// Plain bytes; addresses and bytes are multiples of 16.
__device__ __forceinline__ void bulk_load(void* shared, const void* global, int bytes, std::uint64_t* bar) {
  PTX_TMA("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];",
          "r"(shared_address(shared)), "l"(global), "r"(bytes), "r"(shared_address(bar)));
}
__device__ __forceinline__ void bulk_store(void* global, const void* shared, int bytes) {
  PTX_TMA("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;", "l"(global), "r"(shared_address(shared)),
          "r"(bytes));
}
#undef PTX_TMA

__device__ __forceinline__ void bulk_commit() {
#if PTX_SM90
  asm volatile("cp.async.bulk.commit_group;" ::: "memory");
#else
  __trap();
#endif
}
template <int kPending>  // until all but this many of the thread's groups are written
__device__ __forceinline__ void bulk_wait() {
#if PTX_SM90
  asm volatile("cp.async.bulk.wait_group %0;" ::"n"(kPending) : "memory");
#else
  __trap();
#endif
}
template <int kPending>  // ... have been read from shared memory
__device__ __forceinline__ void bulk_wait_read() {
#if PTX_SM90
  asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(kPending) : "memory");
#else
  __trap();
#endif
}
__device__ __forceinline__ void prefetch_tensor_map([[maybe_unused]] const gpu::TensorMap* map) {
#if PTX_SM90
  asm volatile("prefetch.tensormap [%0];" ::"l"(map) : "memory");
#else
  __trap();
#endif
}

// Clusters.
__device__ __forceinline__ int cluster_rank() {
  std::uint32_t rank = 0;
#if PTX_SM90
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
#endif
  return static_cast<int>(rank);
}
__device__ __forceinline__ int cluster_size() {
  std::uint32_t size = 1;
#if PTX_SM90
  asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(size));
#endif
  return static_cast<int>(size);
}
__device__ __forceinline__ void cluster_arrive() {
#if PTX_SM90
  asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
#else
  __trap();
#endif
}
__device__ __forceinline__ void cluster_wait() {
#if PTX_SM90
  asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
#else
  __trap();
#endif
}
__device__ __forceinline__ void cluster_sync() {
  cluster_arrive();
  cluster_wait();
}
// The same variable of another block of the cluster, to be read and written like any other.
template <class T>
__device__ __forceinline__ T* cluster_map(T* shared, [[maybe_unused]] int rank) {
#if PTX_SM90
  std::uint64_t address;
  asm("mapa.u64 %0, %1, %2;" : "=l"(address) : "l"(shared), "r"(rank));
  return reinterpret_cast<T*>(address);
#else
  __trap();
  return shared;
#endif
}

// Warps and grids.
// True in one lane of the warp; all lanes call.
__device__ __forceinline__ bool elect_one() {
#if PTX_SM90
  std::uint32_t elected;
  asm volatile("{\n.reg .pred p;\nelect.sync _|p, 0xffffffff;\nselp.u32 %0, 1, 0, p;\n}" : "=r"(elected)::"memory");
  return elected;
#else
  return threadIdx.x % 32 == 0;
#endif
}
// Registers of each thread of the warpgroup, a multiple of 8 from 24 to 256.
template <int kRegisters>
__device__ __forceinline__ void registers_increase() {
#if PTX_SM90A
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
#endif
}
template <int kRegisters>
__device__ __forceinline__ void registers_decrease() {
#if PTX_SM90A
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
#endif
}
// Until the grid before has ended, where the launch overlaps it.
__device__ __forceinline__ void griddepcontrol_wait() {
#if PTX_SM90
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
__device__ __forceinline__ void griddepcontrol_launch_dependents() {
#if PTX_SM90
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// wgmma: products of 128 threads. ptx_wgmma.h has the product itself.
// An operand in shared memory, 1024-byte aligned before the offset of the k step is added. For rows of the tile along K
// (Major::k) with a swizzle of as many bytes as a row has: stride_bytes = 8 rows; leading_bytes is unused.
// Without swizzle: 8x16-byte blocks, leading_bytes apart along K and stride_bytes apart along M or N.
// Major::mn with a swizzle: leading_bytes apart along M or N (each a swizzle's width), stride_bytes = 8 rows of K.
__device__ __forceinline__ std::uint64_t matrix_descriptor(const void* shared, gpu::Swizzle swizzle, int leading_bytes,
                                                           int stride_bytes) {
  return std::uint64_t(shared_address(shared) >> 4 & 0x3fff) | std::uint64_t(leading_bytes >> 4 & 0x3fff) << 16 |
         std::uint64_t(stride_bytes >> 4 & 0x3fff) << 32 |
         (swizzle == gpu::Swizzle::none      ? std::uint64_t(0)
          : swizzle == gpu::Swizzle::bytes32 ? std::uint64_t(3) << 62
          : swizzle == gpu::Swizzle::bytes64 ? std::uint64_t(2) << 62
                                             : std::uint64_t(1) << 62);
}
// Keeps the compiler from moving what it does with accumulators across this place: call it after wgmma_wait, before
// they are read, and before wgmma_fence where they were written.
template <int kCount>
__device__ __forceinline__ void hold_registers(float (&d)[kCount]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i) asm volatile("" : "+f"(d[i])::"memory");
}
// The same for left operands in registers, which a product under way reads: call it after its wgmma_wait.
template <int kCount>
__device__ __forceinline__ void hold_registers(std::uint32_t (&a)[kCount][4]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i)
    asm volatile("" : "+r"(a[i][0]), "+r"(a[i][1]), "+r"(a[i][2]), "+r"(a[i][3])::"memory");
}
// Before the first product, and before one whose registers other instructions wrote.
__device__ __forceinline__ void wgmma_fence() {
#if PTX_SM90A
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#else
  __trap();
#endif
}
__device__ __forceinline__ void wgmma_commit() {
#if PTX_SM90A
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#else
  __trap();
#endif
}
template <int kPending>  // until at most this many groups are under way
__device__ __forceinline__ void wgmma_wait() {
#if PTX_SM90A
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
#else
  __trap();
#endif
}

}  // namespace tilestack::ptx
