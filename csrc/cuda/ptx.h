#pragma once
// Every instruction that kernels use beyond CUDA C++, one function each; the emulator's twin is emulator/ptx.h. Where
// an architecture lacks the instruction, the function traps, so that one file may hold kernels for several. Pointers
// are generic; shared memory is meant where the argument says shared.
#include <cstdint>

#include "core/dtype.h"

namespace tilestack::gpu {

struct alignas(64) TensorMap {  // made by gpu::tensor_map
  std::uint64_t words[16];
};
// How 16-byte chunks of a tile are permuted in shared memory: within rows of this many bytes, by XOR with the number of
// the 128-byte line. Tiles begin at multiples of 1024 bytes then.
enum class Swizzle { none, bytes32, bytes64, bytes128 };

}  // namespace tilestack::gpu

#ifdef TILESTACK_EMULATOR
#include "cuda/emulator/ptx.h"
#else
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
#define PTX_SM90 1
#else
#define PTX_SM90 0
#endif
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
#define PTX_SM90A 1
#else
#define PTX_SM90A 0
#endif

namespace tilestack::ptx {

__device__ __forceinline__ std::uint32_t shared_address(const void* shared) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
}

// Numbers. Two floats rounded to nearest even, the first in the low half.
__device__ __forceinline__ std::uint32_t pack_bf16(float low, float high) {
  std::uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}
__device__ __forceinline__ std::uint32_t pack_f16(float low, float high) {
  std::uint32_t pair;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}
// float with 10 bits of mantissa, ties away from zero.
__device__ __forceinline__ std::uint32_t to_tf32(float x) {
  std::uint32_t y;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(y) : "f"(x));
  return y;
}
__device__ __forceinline__ float exp2_approx(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
__device__ __forceinline__ float log2_approx(float x) {
  float y;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
__device__ __forceinline__ float tanh_approx(float x) {
  float y;
  asm("tanh.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
__device__ __forceinline__ float rcp_approx(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// Memory.
__device__ __forceinline__ std::uint32_t ld_acquire(const std::uint32_t* p) {
  std::uint32_t value;
  asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(value) : "l"(p) : "memory");
  return value;
}
__device__ __forceinline__ void st_release(std::uint32_t* p, std::uint32_t value) {
  asm volatile("st.release.gpu.global.u32 [%0], %1;" ::"l"(p), "r"(value) : "memory");
}
__device__ __forceinline__ std::uint32_t atomic_add_release(std::uint32_t* p, std::uint32_t value) {
  std::uint32_t old;
  asm volatile("atom.add.release.gpu.global.u32 %0, [%1], %2;" : "=r"(old) : "l"(p), "r"(value) : "memory");
  return old;
}
__device__ __forceinline__ std::uint32_t atomic_add_acq_rel(std::uint32_t* p, std::uint32_t value) {
  std::uint32_t old;
  asm volatile("atom.add.acq_rel.gpu.global.u32 %0, [%1], %2;" : "=r"(old) : "l"(p), "r"(value) : "memory");
  return old;
}
// 16 bytes of global memory that nobody writes meanwhile, past the L1 cache.
__device__ __forceinline__ uint4 ld_no_allocate(const void* p) {
  uint4 v;
  asm("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
      : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
      : "l"(p));
  return v;
}
__device__ __forceinline__ void st_streaming(void* p, uint4 v) {
  asm volatile("st.global.cs.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(p), "r"(v.x), "r"(v.y), "r"(v.z), "r"(v.w)
               : "memory");
}
__device__ __forceinline__ std::uint64_t global_timer() {  // nanoseconds
  std::uint64_t time;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(time));
  return time;
}

// cp.async: kBytes (4, 8, 16) from global to shared memory, both aligned to them; zeros from `bytes` on.
template <int kBytes>
__device__ __forceinline__ void cp_async(void* shared, const void* global, int bytes = kBytes) {
  static_assert(kBytes == 4 || kBytes == 8 || kBytes == 16);
  if constexpr (kBytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)), "l"(global), "r"(bytes)
                 : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(shared_address(shared)), "l"(global),
                 "n"(kBytes), "r"(bytes)
                 : "memory");
}
__device__ __forceinline__ void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int kPending>  // until at most this many of the thread's groups are under way
__device__ __forceinline__ void cp_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}
__device__ __forceinline__ void cp_async_wait_all() { asm volatile("cp.async.wait_all;" ::: "memory"); }

// Matrices of 8x8 16-bit elements. Lane i gives the address of row i % 8 of matrix i / 8; element (r, c) lies in
// lane 4 r + c / 2, transposed in lane 4 c + r / 2.
template <int kCount, bool kTransposed = false>
__device__ __forceinline__ void ldmatrix(std::uint32_t (&r)[kCount], const void* shared_row) {
  static_assert(kCount == 1 || kCount == 2 || kCount == 4);
  const std::uint32_t row = shared_address(shared_row);
  if constexpr (kCount == 1 && !kTransposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];" : "=r"(r[0]) : "r"(row) : "memory");
  else if constexpr (kCount == 1)
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];" : "=r"(r[0]) : "r"(row) : "memory");
  else if constexpr (kCount == 2 && !kTransposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(row)
                 : "memory");
  else if constexpr (kCount == 2)
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(row)
                 : "memory");
  else if constexpr (!kTransposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(row)
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(row)
                 : "memory");
}

// sm_90.
template <int kCount, bool kTransposed = false>
__device__ __forceinline__ void stmatrix(void* shared_row, const std::uint32_t (&r)[kCount]) {
  static_assert(kCount == 1 || kCount == 2 || kCount == 4);
  [[maybe_unused]] const std::uint32_t row = shared_address(shared_row);
#if PTX_SM90
  if constexpr (kCount == 1 && !kTransposed)
    asm volatile("stmatrix.sync.aligned.m8n8.x1.shared.b16 [%0], {%1};" ::"r"(row), "r"(r[0]) : "memory");
  else if constexpr (kCount == 1)
    asm volatile("stmatrix.sync.aligned.m8n8.x1.trans.shared.b16 [%0], {%1};" ::"r"(row), "r"(r[0]) : "memory");
  else if constexpr (kCount == 2 && !kTransposed)
    asm volatile("stmatrix.sync.aligned.m8n8.x2.shared.b16 [%0], {%1, %2};" ::"r"(row), "r"(r[0]), "r"(r[1])
                 : "memory");
  else if constexpr (kCount == 2)
    asm volatile("stmatrix.sync.aligned.m8n8.x2.trans.shared.b16 [%0], {%1, %2};" ::"r"(row), "r"(r[0]), "r"(r[1])
                 : "memory");
  else if constexpr (!kTransposed)
    asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(row), "r"(r[0]), "r"(r[1]),
                 "r"(r[2]), "r"(r[3])
                 : "memory");
  else
    asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(row), "r"(r[0]),
                 "r"(r[1]), "r"(r[2]), "r"(r[3])
                 : "memory");
#else
  __trap();
#endif
}

// Products of a warp, d += a b. With g = lane / 4, t = lane % 4:
// m16n8k16, 16-bit: a[0] row g, columns 2t 2t+1; a[1] row g+8; a[2], a[3] the same 8 columns on; b[0] rows 2t 2t+1 of
// column g, b[1] 8 rows on; d[0] d[1] row g, columns 2t 2t+1; d[2] d[3] row g+8.
template <class T>
__device__ __forceinline__ void mma(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  static_assert(__is_same(T, bfloat16) || __is_same(T, float16));
  if constexpr (__is_same(T, bfloat16))
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  else
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
// m16n8k8, tf32: a[0] row g, column t; a[1] row g+8; a[2], a[3] 4 columns on; b[0] row t of column g; b[1] 4 rows on.
__device__ __forceinline__ void mma_tf32(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
// m8n8k4, double: a row g, column t; b row t, column g; d row g, columns 2t 2t+1.
__device__ __forceinline__ void mma_f64(double (&d)[2], double a, double b) {
  asm("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0, %1}, {%2}, {%3}, {%0, %1};"
      : "+d"(d[0]), "+d"(d[1])
      : "d"(a), "d"(b));
}

// Barriers of some of the block's warps; id 1 to 15, threads a multiple of 32.
__device__ __forceinline__ void barrier_sync(int id, int threads) {
  asm volatile("barrier.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}
__device__ __forceinline__ void barrier_arrive(int id, int threads) {
  asm volatile("barrier.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

}  // namespace tilestack::ptx

#include "cuda/ptx_hopper.h"
#include "cuda/ptx_wgmma.h"
#endif

namespace tilestack::ptx {

// All blocks of a cooperative launch. `counter` is zero before the launch and serves for one barrier after another.
__device__ __forceinline__ void grid_sync(std::uint32_t* counter) {
  __syncthreads();
  if (threadIdx.x == 0 && threadIdx.y == 0 && threadIdx.z == 0) {
    const std::uint32_t blocks = gridDim.x * gridDim.y * gridDim.z;
    const std::uint32_t round = atomic_add_acq_rel(counter, 1) / blocks;
    while (ld_acquire(counter) / blocks == round) __nanosleep(64);
  }
  __syncthreads();
}

}  // namespace tilestack::ptx
