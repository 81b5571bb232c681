#pragma once
// The instructions of cuda/ptx.h, with the same signatures.
#include "core/dtype.h"
#include "cuda/emulator/async.h"
#include "cuda/emulator/emu.h"

namespace tilestack::ptx {

using emu::Site;

inline std::uint32_t shared_address(const void* shared, Site site = Site::current()) {
  return emu::shared_address(shared, site);
}

inline std::uint32_t pack_bf16(float low, float high) {
  return std::uint32_t(to_bfloat16(high).bits) << 16 | to_bfloat16(low).bits;
}
inline std::uint32_t pack_f16(float low, float high) {
  return std::uint32_t(to_float16(high).bits) << 16 | to_float16(low).bits;
}
inline std::uint32_t to_tf32(float x) {
  const auto bits = __builtin_bit_cast(std::uint32_t, x);
  return (bits & 0x7fffffffu) >= 0x7f800000u ? bits : (bits + 0x1000u) & 0xffffe000u;
}
inline float exp2_approx(float x) { return ::exp2f(x); }
inline float log2_approx(float x) { return ::log2f(x); }
inline float tanh_approx(float x) { return ::tanhf(x); }
inline float rcp_approx(float x) { return 1 / x; }

std::uint32_t ld_acquire(const std::uint32_t* p, Site site = Site::current());
void st_release(std::uint32_t* p, std::uint32_t value);
inline std::uint32_t atomic_add_release(std::uint32_t* p, std::uint32_t value) { return atomicAdd(p, value); }
inline std::uint32_t atomic_add_acq_rel(std::uint32_t* p, std::uint32_t value) { return atomicAdd(p, value); }
inline uint4 ld_no_allocate(const void* p, Site site = Site::current()) {
  emu::check_aligned(p, 16, "ld_no_allocate", site);
  return *static_cast<const uint4*>(p);
}
inline void st_streaming(void* p, uint4 v, Site site = Site::current()) {
  emu::check_aligned(p, 16, "st_streaming", site);
  *static_cast<uint4*>(p) = v;
}
inline std::uint64_t global_timer() { return static_cast<std::uint64_t>(clock64()); }

template <int kBytes>
void cp_async(void* shared, const void* global, int bytes = kBytes, Site site = Site::current()) {
  static_assert(kBytes == 4 || kBytes == 8 || kBytes == 16);
  emu::cp_async(shared, global, kBytes, bytes, site);
}
inline void cp_async_commit() { emu::cp_async_commit(); }
template <int kPending>
void cp_async_wait() {
  emu::cp_async_wait(kPending, false);
}
inline void cp_async_wait_all() { emu::cp_async_wait(0, true); }

template <int kCount, bool kTransposed = false>
void ldmatrix(std::uint32_t (&r)[kCount], const void* shared_row, Site site = Site::current()) {
  static_assert(kCount == 1 || kCount == 2 || kCount == 4);
  emu::ldmatrix(r, kCount, kTransposed, shared_row, site);
}
template <int kCount, bool kTransposed = false>
void stmatrix(void* shared_row, const std::uint32_t (&r)[kCount], Site site = Site::current()) {
  static_assert(kCount == 1 || kCount == 2 || kCount == 4);
  emu::stmatrix(shared_row, r, kCount, kTransposed, site);
}

template <class T>
void mma(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2], Site site = Site::current()) {
  static_assert(__is_same(T, bfloat16) || __is_same(T, float16));
  emu::mma(d, a, b, __is_same(T, bfloat16) ? emu::Mma::bf16 : emu::Mma::f16, site);
}
inline void mma_tf32(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                     Site site = Site::current()) {
  emu::mma(d, a, b, emu::Mma::tf32, site);
}
inline void mma_f64(double (&d)[2], double a, double b, Site site = Site::current()) { emu::mma_f64(d, a, b, site); }

inline void barrier_sync(int id, int threads, Site site = Site::current()) {
  emu::named_barrier(id, static_cast<std::uint32_t>(threads), true, site);
}
inline void barrier_arrive(int id, int threads, Site site = Site::current()) {
  emu::named_barrier(id, static_cast<std::uint32_t>(threads), false, site);
}

}  // namespace tilestack::ptx

#include "cuda/emulator/ptx_hopper.h"
