#pragma once
// Vectors of the widest registers of the instruction set that this file is compiled for. Only *_cpu.cpp files include
// it: everything here has internal linkage. Vectors are the compiler's own, so + - * / < == ?: work on them.
#include <type_traits>

#include "core/view.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tilestack::TILESTACK_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T>
struct VecOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
};
template <class T>
using Vec = typename VecOf<T>::type;  // T: float, double, int32, int64
template <class T>
constexpr int kLanes = kVectorBytes / int(sizeof(T));

using VecF = Vec<float>;
using VecD = Vec<double>;
using VecI = Vec<std::int32_t>;

template <class T>
TILESTACK_INLINE Vec<T> splat(T x) {
  return x - Vec<T>{};
}

template <class V, class T>
TILESTACK_INLINE V load_raw(const T* p) {
  V v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

// 16-bit floats, kLanes<float> of them, in the low half of an integer vector.
typedef std::uint16_t VecHalfBits __attribute__((vector_size(kVectorBytes / 2)));
typedef std::uint32_t VecU __attribute__((vector_size(kVectorBytes)));

TILESTACK_INLINE VecF bits_to_float(VecU bits) { return __builtin_bit_cast(VecF, bits); }
TILESTACK_INLINE VecU float_to_bits(VecF x) { return __builtin_bit_cast(VecU, x); }

TILESTACK_INLINE VecF widen_bfloat16(VecHalfBits h) { return bits_to_float(__builtin_convertvector(h, VecU) << 16); }

TILESTACK_INLINE VecHalfBits narrow_bfloat16(VecF x) {
  const VecU bits = float_to_bits(x);
  const VecU rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const VecU quiet = (bits >> 16) | 0x40u;
  return __builtin_convertvector((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded, VecHalfBits);
}

TILESTACK_INLINE VecF widen_float16(VecHalfBits h) {
#if defined(__AVX512F__)
  return (VecF)_mm512_cvtph_ps((__m256i)h);
#elif defined(__F16C__)
  return (VecF)_mm256_cvtph_ps((__m128i)h);
#else
  const VecU wide = __builtin_convertvector(h, VecU);
  const VecU sign = (wide & 0x8000u) << 16, magnitude = (wide & 0x7fffu) << 13;
  const VecU finite = float_to_bits(bits_to_float(magnitude) * 0x1p112f);
  return bits_to_float(sign | (magnitude >= 0x0f800000u ? (magnitude | 0x7f800000u) : finite));
#endif
}

TILESTACK_INLINE VecHalfBits narrow_float16(VecF x) {
#if defined(__AVX512F__)
  return (VecHalfBits)_mm512_cvtps_ph((__m512)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#elif defined(__F16C__)
  return (VecHalfBits)_mm256_cvtps_ph((__m256)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  VecHalfBits out;
  for (int i = 0; i < kLanes<float>; ++i) out[i] = to_float16(x[i]).bits;
  return out;
#endif
}

// load<T>: kLanes<Compute<T>> elements of storage type T as a vector of Compute<T>; store is its inverse (rounds to
// nearest even). T: float, double, bfloat16, float16. Any alignment.
template <class T>
TILESTACK_INLINE Vec<Compute<T>> load(const T* p) {
  if constexpr (__is_same(T, bfloat16)) {
    return widen_bfloat16(load_raw<VecHalfBits>(p));
  } else if constexpr (__is_same(T, float16)) {
    return widen_float16(load_raw<VecHalfBits>(p));
  } else {
    return load_raw<Vec<T>>(p);
  }
}

template <class T>
TILESTACK_INLINE void store(T* p, Vec<Compute<T>> v) {
  if constexpr (__is_same(T, bfloat16)) {
    const VecHalfBits h = narrow_bfloat16(v);
    __builtin_memcpy(p, &h, sizeof h);
  } else if constexpr (__is_same(T, float16)) {
    const VecHalfBits h = narrow_float16(v);
    __builtin_memcpy(p, &h, sizeof h);
  } else {
    __builtin_memcpy(p, &v, sizeof v);
  }
}

#if defined(__AVX2__) && !defined(__AVX512F__)
// All bits set in the first n lanes.
template <class M, class T>
TILESTACK_INLINE M first_lanes(std::int64_t n) {
  Vec<T> lane;
  for (int i = 0; i < kLanes<T>; ++i) lane[i] = i;
  return (M)(lane < splat(T(n)));
}
#endif

// The first n lanes, 0 < n <= kLanes; the others read as zero and are not written.
template <class T>
TILESTACK_INLINE Vec<Compute<T>> load_partial(const T* p, std::int64_t n) {
#if defined(__AVX512F__)
  if constexpr (__is_same(T, float)) return (VecF)_mm512_maskz_loadu_ps(__mmask16((1u << n) - 1), p);
  if constexpr (__is_same(T, double)) return (VecD)_mm512_maskz_loadu_pd(__mmask8((1u << n) - 1), p);
#elif defined(__AVX2__)
  if constexpr (__is_same(T, float)) return (VecF)_mm256_maskload_ps(p, first_lanes<__m256i, std::int32_t>(n));
  if constexpr (__is_same(T, double)) return (VecD)_mm256_maskload_pd(p, first_lanes<__m256i, std::int64_t>(n));
#endif
  T lanes[kLanes<Compute<T>>] = {};
  for (std::int64_t i = 0; i < n; ++i) lanes[i] = p[i];
  return load(lanes);
}

template <class T>
TILESTACK_INLINE void store_partial(T* p, Vec<Compute<T>> v, std::int64_t n) {
#if defined(__AVX512F__)
  if constexpr (__is_same(T, float)) return _mm512_mask_storeu_ps(p, __mmask16((1u << n) - 1), (__m512)v);
  if constexpr (__is_same(T, double)) return _mm512_mask_storeu_pd(p, __mmask8((1u << n) - 1), (__m512d)v);
#elif defined(__AVX2__)
  if constexpr (__is_same(T, float)) return _mm256_maskstore_ps(p, first_lanes<__m256i, std::int32_t>(n), (__m256)v);
  if constexpr (__is_same(T, double)) return _mm256_maskstore_pd(p, first_lanes<__m256i, std::int64_t>(n), (__m256d)v);
#endif
  T lanes[kLanes<Compute<T>>];
  store(lanes, v);
  for (std::int64_t i = 0; i < n; ++i) p[i] = lanes[i];
}

// At most a whole vector of what n elements are left.
template <class T>
TILESTACK_INLINE Vec<Compute<T>> load_upto(const T* p, std::int64_t n) {
  return n >= kLanes<Compute<T>> ? load(p) : load_partial(p, n);
}
template <class T>
TILESTACK_INLINE void store_upto(T* p, Vec<Compute<T>> v, std::int64_t n) {
  n >= kLanes<Compute<T>> ? store(p, v) : store_partial(p, v, n);
}

// NaN in either operand comes out.
#if defined(__AVX512F__)  // the instruction gives b where either is NaN
TILESTACK_INLINE VecF maximum(VecF a, VecF b) { return a == a ? (VecF)_mm512_max_ps((__m512)a, (__m512)b) : a; }
TILESTACK_INLINE VecF minimum(VecF a, VecF b) { return a == a ? (VecF)_mm512_min_ps((__m512)a, (__m512)b) : a; }
#elif defined(__AVX2__)
TILESTACK_INLINE VecF maximum(VecF a, VecF b) { return a == a ? (VecF)_mm256_max_ps((__m256)a, (__m256)b) : a; }
TILESTACK_INLINE VecF minimum(VecF a, VecF b) { return a == a ? (VecF)_mm256_min_ps((__m256)a, (__m256)b) : a; }
#endif
template <class V>
TILESTACK_INLINE V maximum(V a, V b) {
  const V larger = a > b ? a : b;  // b where either is NaN
  return a == a ? larger : a;
}
template <class V>
TILESTACK_INLINE V minimum(V a, V b) {
  const V smaller = a < b ? a : b;
  return a == a ? smaller : a;
}

template <class V>
TILESTACK_INLINE V fma(V a, V b, V c) {
  return a * b + c;  // contracted where the instruction set has it
}

// The signed integer of T's size: comparing vectors of T gives masks of it.
template <class T>
using LaneInt = std::conditional_t<
    sizeof(T) == 1, std::int8_t,
    std::conditional_t<sizeof(T) == 2, std::int16_t, std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>>>;

// v in the first n lanes, x elsewhere.
template <class T>
TILESTACK_INLINE Vec<T> first_lanes(Vec<T> v, std::int64_t n, T x) {
  LaneInt<T> index[kLanes<T>];
  for (int i = 0; i < kLanes<T>; ++i) index[i] = LaneInt<T>(i);
  return load_raw<Vec<LaneInt<T>>>(index) < splat(LaneInt<T>(n)) ? v : splat(x);
}

// Masks, of lanes of T, to bits and back, the first lane's the lowest.
template <class T>
TILESTACK_INLINE Vec<T> lane_bits() {
  Vec<T> bits;
  for (int i = 0; i < kLanes<T>; ++i) bits[i] = T(1) << i;
  return bits;
}
template <class T>
TILESTACK_INLINE Vec<T> mask_of(std::uint64_t bits) {
  return (splat(T(bits)) & lane_bits<T>()) != 0;
}
template <class M>
TILESTACK_INLINE std::uint32_t bits_of(M mask) {
  using T = std::remove_cvref_t<decltype(mask[0])>;
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) return _mm512_cmpneq_epi32_mask((__m512i)mask, __m512i{});
  if constexpr (sizeof(T) == 8) return _mm512_cmpneq_epi64_mask((__m512i)mask, __m512i{});
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4) return std::uint32_t(_mm256_movemask_ps((__m256)mask));
  if constexpr (sizeof(T) == 8) return std::uint32_t(_mm256_movemask_pd((__m256d)mask));
#elif defined(__SSE2__)
  if constexpr (sizeof(T) == 4) return std::uint32_t(_mm_movemask_ps((__m128)mask));
  if constexpr (sizeof(T) == 8) return std::uint32_t(_mm_movemask_pd((__m128d)mask));
#endif
  std::uint32_t bits = 0;
  for (int i = 0; i < kLanes<T>; ++i) bits |= std::uint32_t(mask[i] != 0) << i;
  return bits;
}

template <int... kLane>
struct LanePick {
  template <class V>
  TILESTACK_INLINE static auto low(V v) {
    return __builtin_shufflevector(v, v, kLane...);
  }
  template <class V>
  TILESTACK_INLINE static auto high(V v) {
    return __builtin_shufflevector(v, v, (kLane + int(sizeof...(kLane)))...);
  }
};

// All lanes, at most 16, combined by f, of vectors and of numbers, in a fixed tree order: the upper half into the
// lower.
template <class V, class F>
TILESTACK_INLINE auto fold_lanes(V v, F&& f) {
  constexpr int n = sizeof(V) / sizeof(v[0]);
  static_assert(n <= 16);
  if constexpr (n == 16) {
    using Half = LanePick<0, 1, 2, 3, 4, 5, 6, 7>;
    return fold_lanes(f(Half::low(v), Half::high(v)), f);
  } else if constexpr (n == 8) {
    using Half = LanePick<0, 1, 2, 3>;
    return fold_lanes(f(Half::low(v), Half::high(v)), f);
  } else if constexpr (n == 4) {
    return f(f(v[0], v[2]), f(v[1], v[3]));
  } else {
    return f(v[0], v[1]);
  }
}

// fold_lanes of four vectors of four-byte lanes, each in the same order.
template <class V, class F>
TILESTACK_INLINE auto fold_lanes_of_four(const V (&v)[4], F&& f) {
  constexpr int n = sizeof(V) / sizeof(v[0][0]);
  if constexpr (n > 4) {
    using Half = std::conditional_t<n == 16, LanePick<0, 1, 2, 3, 4, 5, 6, 7>, LanePick<0, 1, 2, 3>>;
    using W = decltype(Half::low(v[0]));
    W half[4];
    for (int i = 0; i < 4; ++i) half[i] = f(Half::low(v[i]), Half::high(v[i]));
    return fold_lanes_of_four(half, f);
  } else {
    const auto cross = [&](V a, V b) {
      return f(__builtin_shufflevector(a, b, 0, 4, 1, 5), __builtin_shufflevector(a, b, 2, 6, 3, 7));
    };
    const V a = cross(v[0], v[1]), b = cross(v[2], v[3]);
    return f(__builtin_shufflevector(a, b, 0, 1, 4, 5), __builtin_shufflevector(a, b, 2, 3, 6, 7));
  }
}

template <class V>
TILESTACK_INLINE auto sum_lanes(V v) {
  return fold_lanes(v, [](auto a, auto b) { return a + b; });
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
