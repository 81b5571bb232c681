#pragma once
// Instructions of ptx.h that need more than a line: copies and products, some of which complete later.
#include "cuda/emulator/core.h"
#include "cuda/emulator/race.h"

namespace emu {

// cp_async.cpp
void cp_async(void* shared, const void* global, int size, int bytes, Site site);
void cp_async_commit();
void cp_async_wait(std::size_t pending, bool uncommitted);

// mma.cpp
void ldmatrix(std::uint32_t* r, int count, bool transposed, const void* row, Site site);
void stmatrix(void* row, const std::uint32_t* r, int count, bool transposed, Site site);
enum class Mma { bf16, f16, tf32 };
void mma(float* d, const std::uint32_t* a, const std::uint32_t* b, Mma type, Site site);
void mma_f64(double* d, double a, double b, Site site);

// mbarrier.cpp
void mbarrier_init(std::uint64_t* bar, int count, Site site);
void mbarrier_invalidate(std::uint64_t* bar, Site site);
void mbarrier_arrive(std::uint64_t* bar, bool arrive, int expected_bytes, Site site);
void mbarrier_arrive_remote(std::uint64_t* bar, int rank, Site site);
bool mbarrier_test(std::uint64_t* bar, std::uint32_t parity, const char* what, Site site);
void mbarrier_wait(std::uint64_t* bar, std::uint32_t parity, Site site);
void fence_barrier_init(Site site);
void fence_proxy_async(Site site);

// tma.cpp
std::string encode_tensor_map(void* map, int element, bool is_float, const void* base, int rank,
                              const std::uint64_t* sizes, const std::uint64_t* strides, const std::uint32_t* box,
                              int swizzle);  // what is wrong with it, if anything
std::string encode_im2col(void* map, int element, const void* base, const std::uint64_t* sizes,
                          const std::uint64_t* strides, const int* first, const int* last, const int* step,
                          int channels, int pixels, int swizzle);
void check_tensor_map(const void* map, int rank, const char* what, Site site);
void tma_load(void* shared, const void* map, std::uint64_t* bar, const int* at, int rank, int multicast, Site site);
void tma_load_im2col(void* shared, const void* map, std::uint64_t* bar, const int* at, int pixel_w, int pixel_h,
                     Site site);
void tma_store(const void* map, const void* shared, const int* at, int rank, bool add, Site site);
void bulk_load(void* shared, const void* global, int bytes, std::uint64_t* bar, Site site);
void bulk_store(void* global, const void* shared, int bytes, Site site);
void bulk_commit();
void bulk_wait(std::size_t pending, bool read_only);

// cluster.cpp
void cluster_arrive(Site site);
void cluster_wait(Site site);
const void* cluster_map(const void* shared, int rank, Site site);
bool elect_one(Site site);

// wgmma.cpp
struct Wgmma {
  Mma type;
  int n;
  bool a_transposed, b_transposed, accumulate, a_in_registers;
  std::uint64_t a, b;  // descriptors
  std::uint32_t registers[4];
  float* d;
  Site site;
  race::Stamp stamp{};
};
void wgmma(const Wgmma& product);
void wgmma_fence(Site site);
void wgmma_commit(Site site);
void wgmma_wait(std::size_t pending, Site site);

}  // namespace emu
