#pragma once
// Part of gpu.h: conversions, and vectors that one instruction loads or stores.

namespace tilestack {

#ifdef __CUDACC__
namespace gpu {
__device__ __forceinline__ float float_of(float16 x) {
  float y;
  asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
  return y;
}
__device__ __forceinline__ bfloat16 bfloat16_of(float x) {
  bfloat16 y;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
  return y;
}
__device__ __forceinline__ float16 float16_of(float x) {
  float16 y;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
  return y;
}
}  // namespace gpu
#endif

// to_float(bfloat16), to_float(float16), convert<T>(x) are in core/dtype.h.
TILESTACK_INLINE float to_float(float x) { return x; }
TILESTACK_INLINE float to_float(double x) { return static_cast<float>(x); }
template <class T>
TILESTACK_INLINE T from_float(float x) {
  return convert<T>(x);
}
// float for the narrow floats, else the type itself: kernels that also take double compute in this.
template <class T>
TILESTACK_INLINE Compute<T> to_compute(T x) {
  return convert<Compute<T>>(x);
}

namespace gpu {

template <class T, int N>
struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Pack {
  static_assert((N & (N - 1)) == 0, "the number of elements is a power of two");
  T at[N];
  TILESTACK_INLINE T& operator[](int i) { return at[i]; }
  TILESTACK_INLINE const T& operator[](int i) const { return at[i]; }
};

// Elements of a 16-byte vector.
template <class T>
constexpr int kPack = 16 / static_cast<int>(sizeof(T));

template <std::size_t kBytes>
struct RawOf;
#ifdef TILESTACK_EMULATOR
#define GPU_RAW(bytes, type)                      \
  template <>                                     \
  struct RawOf<bytes> {                           \
    typedef type __attribute__((may_alias)) Type; \
  };
GPU_RAW(16, unsigned __int128)
#else
#define GPU_RAW(bytes, type) \
  template <>                \
  struct RawOf<bytes> {      \
    using Type = type;       \
  };
GPU_RAW(16, uint4)
#endif
GPU_RAW(1, unsigned char)
GPU_RAW(2, unsigned short)
GPU_RAW(4, unsigned)
GPU_RAW(8, unsigned long long)
#undef GPU_RAW

enum class Cache { normal, streaming };  // streaming: used once, first to go from the caches

// N elements at p, which is aligned to them (to 16 bytes if they are more). Global or shared memory.
template <int N, Cache kCache = Cache::normal, class T>
__device__ __forceinline__ Pack<T, N> load(const T* p GPU_SITE) {
  using P = Pack<T, N>;
  using Raw = typename RawOf<alignof(P)>::Type;
#ifdef TILESTACK_EMULATOR
  emu::check_aligned(p, alignof(P), "load", site);
#endif
  const Raw* from = reinterpret_cast<const Raw*>(p);
  P out;
#pragma unroll
  for (int i = 0; i < int(sizeof(P) / sizeof(Raw)); ++i) {
#ifndef TILESTACK_EMULATOR
    const Raw raw = kCache == Cache::streaming ? __ldcs(from + i) : from[i];
#else
    const Raw raw = from[i];
#endif
    __builtin_memcpy(reinterpret_cast<char*>(&out) + i * sizeof(Raw), &raw, sizeof(Raw));
  }
  return out;
}

template <Cache kCache = Cache::normal, class T, int N>
__device__ __forceinline__ void store(T* p, const Pack<T, N>& pack GPU_SITE) {
  using P = Pack<T, N>;
  using Raw = typename RawOf<alignof(P)>::Type;
#ifdef TILESTACK_EMULATOR
  emu::check_aligned(p, alignof(P), "store", site);
#endif
  Raw* to = reinterpret_cast<Raw*>(p);
#pragma unroll
  for (int i = 0; i < int(sizeof(P) / sizeof(Raw)); ++i) {
    Raw raw;
    __builtin_memcpy(&raw, reinterpret_cast<const char*>(&pack) + i * sizeof(Raw), sizeof(Raw));
#ifndef TILESTACK_EMULATOR
    if constexpr (kCache == Cache::streaming) {
      __stcs(to + i, raw);
      continue;
    }
#endif
    to[i] = raw;
  }
}

// Each element converted; two at a time where the processor can.
template <class To, class From, int N>
__device__ __forceinline__ Pack<To, N> convert_pack(const Pack<From, N>& x) {
  Pack<To, N> y;
  if constexpr (N % 2 == 0 && std::is_same_v<From, float> && std::is_same_v<To, bfloat16>) {
#pragma unroll
    for (int i = 0; i < N; i += 2) {
      const std::uint32_t pair = ptx::pack_bf16(x[i], x[i + 1]);
      __builtin_memcpy(&y[i], &pair, 4);
    }
  } else if constexpr (N % 2 == 0 && std::is_same_v<From, float> && std::is_same_v<To, float16>) {
#pragma unroll
    for (int i = 0; i < N; i += 2) {
      const std::uint32_t pair = ptx::pack_f16(x[i], x[i + 1]);
      __builtin_memcpy(&y[i], &pair, 4);
    }
  } else {
#pragma unroll
    for (int i = 0; i < N; ++i) y[i] = convert<To>(x[i]);
  }
  return y;
}

// N elements as what kernels compute in, and back.
template <int N, Cache kCache = Cache::normal, class T>
__device__ __forceinline__ Pack<Compute<T>, N> load_compute(const T* p GPU_SITE) {
#ifdef TILESTACK_EMULATOR
  return convert_pack<Compute<T>>(load<N, kCache>(p, site));
#else
  return convert_pack<Compute<T>>(load<N, kCache>(p));
#endif
}
template <Cache kCache = Cache::normal, class T, int N>
__device__ __forceinline__ void store_compute(T* p, const Pack<Compute<T>, N>& x GPU_SITE) {
#ifdef TILESTACK_EMULATOR
  store<kCache>(p, convert_pack<T>(x), site);
#else
  store<kCache>(p, convert_pack<T>(x));
#endif
}

}  // namespace gpu
}  // namespace tilestack
