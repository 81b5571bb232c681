#pragma once
// Part of emulator/ptx.h: mbarriers, TMA, clusters, wgmma.

namespace tilestack::ptx {

inline void mbarrier_init(std::uint64_t* bar, int count, Site site = Site::current()) {
  emu::mbarrier_init(bar, count, site);
}
inline void mbarrier_invalidate(std::uint64_t* bar, Site site = Site::current()) {
  emu::mbarrier_invalidate(bar, site);
}
inline void mbarrier_arrive(std::uint64_t* bar, Site site = Site::current()) {
  emu::mbarrier_arrive(bar, true, 0, site);
}
inline void mbarrier_expect_tx(std::uint64_t* bar, int bytes, Site site = Site::current()) {
  emu::mbarrier_arrive(bar, false, bytes, site);
}
inline void mbarrier_arrive_expect_tx(std::uint64_t* bar, int bytes, Site site = Site::current()) {
  emu::mbarrier_arrive(bar, true, bytes, site);
}
inline void mbarrier_arrive_remote(std::uint64_t* bar, int rank, Site site = Site::current()) {
  emu::mbarrier_arrive_remote(bar, rank, site);
}
inline bool mbarrier_test_wait(std::uint64_t* bar, std::uint32_t parity, Site site = Site::current()) {
  return emu::mbarrier_test(bar, parity, "mbarrier_test_wait", site);
}
inline bool mbarrier_try_wait(std::uint64_t* bar, std::uint32_t parity, Site site = Site::current()) {
  return emu::mbarrier_test(bar, parity, "mbarrier_try_wait", site);
}
inline void mbarrier_wait(std::uint64_t* bar, std::uint32_t parity, Site site = Site::current()) {
  emu::mbarrier_wait(bar, parity, site);
}
inline void mbarrier_wait_cluster(std::uint64_t* bar, std::uint32_t parity, Site site = Site::current()) {
  emu::mbarrier_wait(bar, parity, site);
}
inline void fence_barrier_init(Site site = Site::current()) { emu::fence_barrier_init(site); }
inline void fence_proxy_async(Site site = Site::current()) { emu::fence_proxy_async(site); }
inline void fence_proxy_async_global(Site site = Site::current()) { emu::fence_proxy_async(site); }

enum class L2 : std::uint64_t { normal, evict_first, evict_last };

template <int kRank>
void tma_load(void* shared, const gpu::TensorMap* map, std::uint64_t* bar, const int (&at)[kRank], L2 = L2::normal,
              Site site = Site::current()) {
  emu::tma_load(shared, map, bar, at, kRank, -1, site);
}
inline void tma_load_im2col(void* shared, const gpu::TensorMap* map, std::uint64_t* bar, const int (&at)[4],
                            int pixel_w, int pixel_h, L2 = L2::normal, Site site = Site::current()) {
  emu::tma_load_im2col(shared, map, bar, at, pixel_w, pixel_h, site);
}
template <int kRank>
void tma_load_multicast(void* shared, const gpu::TensorMap* map, std::uint64_t* bar, const int (&at)[kRank],
                        std::uint16_t mask, L2 = L2::normal, Site site = Site::current()) {
  emu::tma_load(shared, map, bar, at, kRank, mask, site);
}
template <int kRank>
void tma_store(const gpu::TensorMap* map, const void* shared, const int (&at)[kRank], Site site = Site::current()) {
  emu::tma_store(map, shared, at, kRank, false, site);
}
template <int kRank>
void tma_reduce_add(const gpu::TensorMap* map, const void* shared, const int (&at)[kRank],
                    Site site = Site::current()) {
  emu::tma_store(map, shared, at, kRank, true, site);
}
inline void bulk_load(void* shared, const void* global, int bytes, std::uint64_t* bar, Site site = Site::current()) {
  emu::bulk_load(shared, global, bytes, bar, site);
}
inline void bulk_store(void* global, const void* shared, int bytes, Site site = Site::current()) {
  emu::bulk_store(global, shared, bytes, site);
}
inline void bulk_commit() { emu::bulk_commit(); }
template <int kPending>
void bulk_wait() {
  emu::bulk_wait(kPending, false);
}
template <int kPending>
void bulk_wait_read() {
  emu::bulk_wait(kPending, true);
}
inline void prefetch_tensor_map(const gpu::TensorMap* map, Site site = Site::current()) {
  emu::check_tensor_map(map, 0, "prefetch_tensor_map", site);
}

inline int cluster_rank() { return emu::cur->block->rank; }
inline int cluster_size() { return emu::launch->shape.cluster; }
inline void cluster_arrive(Site site = Site::current()) { emu::cluster_arrive(site); }
inline void cluster_wait(Site site = Site::current()) { emu::cluster_wait(site); }
inline void cluster_sync(Site site = Site::current()) {
  emu::cluster_arrive(site);
  emu::cluster_wait(site);
}
template <class T>
T* cluster_map(T* shared, int rank, Site site = Site::current()) {
  return static_cast<T*>(const_cast<void*>(emu::cluster_map(shared, rank, site)));
}

inline bool elect_one(Site site = Site::current()) { return emu::elect_one(site); }
template <int kRegisters>
void registers_increase(Site site = Site::current()) {
  static_assert(kRegisters % 8 == 0 && kRegisters >= 24 && kRegisters <= 256);
  emu::require_arch(90, "setmaxnreg", site);
}
template <int kRegisters>
void registers_decrease(Site site = Site::current()) {
  static_assert(kRegisters % 8 == 0 && kRegisters >= 24 && kRegisters <= 256);
  emu::require_arch(90, "setmaxnreg", site);
}
inline void griddepcontrol_wait(Site site = Site::current()) { emu::require_arch(90, "griddepcontrol", site); }
inline void griddepcontrol_launch_dependents(Site site = Site::current()) {
  emu::require_arch(90, "griddepcontrol", site);
}

inline std::uint64_t matrix_descriptor(const void* shared, gpu::Swizzle swizzle, int leading_bytes, int stride_bytes,
                                       Site site = Site::current()) {
  constexpr std::uint64_t layouts[4] = {0, 3, 2, 1};
  return std::uint64_t(emu::shared_address(shared, site) >> 4 & 0x3fff) |
         std::uint64_t(leading_bytes >> 4 & 0x3fff) << 16 | std::uint64_t(stride_bytes >> 4 & 0x3fff) << 32 |
         layouts[static_cast<int>(swizzle)] << 62;
}
template <int kCount>
void hold_registers(float (&)[kCount]) {}
template <int kCount>
void hold_registers(std::uint32_t (&)[kCount][4]) {}
inline void wgmma_fence(Site site = Site::current()) { emu::wgmma_fence(site); }
inline void wgmma_commit(Site site = Site::current()) { emu::wgmma_commit(site); }
template <int kPending>
void wgmma_wait(Site site = Site::current()) {
  emu::wgmma_wait(kPending, site);
}

enum class Major { k = 0, mn = 1 };

template <class T>
constexpr emu::Mma kWgmmaType = __is_same(T, bfloat16)  ? emu::Mma::bf16
                                : __is_same(T, float16) ? emu::Mma::f16
                                                        : emu::Mma::tf32;

template <class T, Major kA = Major::k, Major kB = Major::k, int kHalf>
void wgmma(float (&d)[kHalf], std::uint64_t a, std::uint64_t b, bool accumulate, Site site = Site::current()) {
  static_assert(kHalf % 4 == 0 && kHalf <= 128, "N is a multiple of 8 up to 256");
  static_assert(!__is_same(T, float) || (kA == Major::k && kB == Major::k), "tf32 operands lie along K");
  emu::wgmma({kWgmmaType<T>, 2 * kHalf, kA == Major::mn, kB == Major::mn, accumulate, false, a, b, {}, d, site});
}
template <class T, Major kB = Major::k, int kHalf>
void wgmma(float (&d)[kHalf], const std::uint32_t (&a)[4], std::uint64_t b, bool accumulate,
           Site site = Site::current()) {
  static_assert(kHalf % 4 == 0 && kHalf <= 128, "N is a multiple of 8 up to 256");
  static_assert(!__is_same(T, float) || kB == Major::k, "tf32 operands lie along K");
  emu::wgmma(
      {kWgmmaType<T>, 2 * kHalf, false, kB == Major::mn, accumulate, true, 0, b, {a[0], a[1], a[2], a[3]}, d, site});
}

}  // namespace tilestack::ptx
