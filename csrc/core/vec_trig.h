#pragma once
// More elementary functions of vectors of float and double. Units in the last place from the exact value, measured with
// AVX-512 on random numbers and next to the zeros: float sin, cos, tan, log2, log10 0.5, exp2 1; double sin, cos 1.4,
// tan 2.8, log2 1.4, log10 1.8, exp2 1. Signed zeros, NaN and infinities come out as in the C library. Beyond 2^20,
// sin, cos and tan are that library's, lane by lane.
#include "core/vec_math.h"

namespace tilestack::TILESTACK_ISA {
namespace {

typedef float VecHalfF __attribute__((vector_size(kVectorBytes / 2)));

// f of doubles, where its error is far below a float's rounding.
template <class F>
TILESTACK_INLINE VecF in_double(VecF x, F f) {
  VecHalfF part[2];
  __builtin_memcpy(part, &x, sizeof x);
  for (VecHalfF& p : part) p = __builtin_convertvector(f(__builtin_convertvector(p, VecD)), VecHalfF);
  __builtin_memcpy(&x, part, sizeof x);
  return x;
}

// x = n pi/2 + r, |r| <= pi/4 and a little, for |x| <= 2^20. Products of n with the first three parts of pi/2, of 33
// bits each, are exact, and so is the first difference; what the second one loses comes back with the tail.
struct Quadrant {
  VecD r, n;
};
TILESTACK_INLINE Quadrant reduce_quadrant(VecD x) {
  using B = FloatBits<double>;
  const VecD n = (x * 0.63661977236758134308 + B::rounder) - B::rounder;
  const VecD a = x - n * 0x1.921fb544p+0, b = n * 0x1.0b4611a6p-34;
  const VecD r = a - b, lost = (a - r) - b;
  return {r + (lost - n * 0x1.3198a2ep-69 - n * 0x1.b839a252049c1p-104), n};
}

// Taylor's series for |r| <= pi/4: the rest is below 1e-19.
TILESTACK_INLINE VecD sin_reduced(VecD r) {
  const VecD z = r * r;
  return r + r * z *
                 polynomial(z, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800,
                            -1.0 / 1307674368000, 1.0 / 355687428096000);
}
TILESTACK_INLINE VecD cos_reduced(VecD r) {
  const VecD z = r * r, half = z * 0.5, top = 1.0 - half;
  return top +
         (((1.0 - top) - half) + z * z *
                                     polynomial(z, 1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800, 1.0 / 479001600,
                                                -1.0 / 87178291200, 1.0 / 20922789888000, -1.0 / 6402373705728000));
}

enum class Trig { sin, cos, tan };

template <Trig what>
[[gnu::noinline]] void trig_of_large(const VecD& x, VecD& y) {
  for (int i = 0; i < kLanes<double>; ++i) {
    if (__builtin_fabs(x[i]) <= 0x1p20) continue;
    y[i] = what == Trig::sin ? __builtin_sin(x[i]) : what == Trig::cos ? __builtin_cos(x[i]) : __builtin_tan(x[i]);
  }
}

template <Trig what>
TILESTACK_INLINE VecD trig(VecD x) {
  using I = IntVec<VecD>;
  const Quadrant q = reduce_quadrant(x);
  const VecD s = sin_reduced(q.r), c = cos_reduced(q.r);
  const I n = (I)(q.n + FloatBits<double>::rounder);  // its low bits
  const auto odd = (n & 1) != 0;
  VecD y;
  if constexpr (what == Trig::tan) {
    y = odd ? -c / s : s / c;
  } else {
    const I turned = what == Trig::sin ? n : n + 1;
    y = (odd == (what == Trig::cos ? I{} - 1 : I{})) ? s : c;
    y = (VecD)((I)y ^ ((turned & 2) << 62));
  }
  if constexpr (what != Trig::cos) y = x == 0 ? x : y;
  const I large = ~(I)(vabs(x) <= 0x1p20);
  if (fold_lanes(large, [](auto a, auto b) { return a | b; }) != 0) trig_of_large<what>(x, y);
  return y;
}
template <Trig what>
TILESTACK_INLINE VecF trig(VecF x) {
  return in_double(x, [](VecD v) { return trig<what>(v); });
}

template <class V>
TILESTACK_INLINE V vsin(V x) {
  return trig<Trig::sin>(x);
}
template <class V>
TILESTACK_INLINE V vcos(V x) {
  return trig<Trig::cos>(x);
}
template <class V>
TILESTACK_INLINE V vtan(V x) {
  return trig<Trig::tan>(x);
}

// Exact for powers of two.
TILESTACK_INLINE VecD vlog2(VecD x) {
  const VecD y = vlog(x) * 1.44269504088896340736, n = (y + FloatBits<double>::rounder) - FloatBits<double>::rounder;
  const VecD power = scale_by_power(splat(1.0), at_most(at_least(n, -1080), 1080));
  return power == x ? n : y;
}
TILESTACK_INLINE VecF vlog2(VecF x) {
  return in_double(x, [](VecD v) { return vlog(v) * 1.44269504088896340736; });
}
TILESTACK_INLINE VecD vlog10(VecD x) { return vlog(x) * 0.43429448190325182765; }
TILESTACK_INLINE VecF vlog10(VecF x) {
  return in_double(x, [](VecD v) { return vlog10(v); });
}

template <class V>
TILESTACK_INLINE V vexp2(V x) {
  using B = FloatBits<Lane<V>>;
  using T = Lane<V>;
  constexpr T limit = sizeof(T) == 4 ? 160 : 1100;
  x = at_most(at_least(x, -limit), limit);
  const V n = (x + B::rounder) - B::rounder;
  return scale_by_power(expm1_near_zero((x - n) * T(0.69314718055994530942)) + T(1), n);
}

// direction: of _mm_round_ps: 0 to the nearest, half to even; 1 down; 2 up; 3 towards zero.
template <int direction, class V>
TILESTACK_INLINE V vround(V x) {
#if defined(__AVX512F__)
  if constexpr (sizeof(Lane<V>) == 4) return (V)_mm512_roundscale_ps((__m512)x, direction | _MM_FROUND_NO_EXC);
  if constexpr (sizeof(Lane<V>) == 8) return (V)_mm512_roundscale_pd((__m512d)x, direction | _MM_FROUND_NO_EXC);
#elif defined(__AVX2__)
  if constexpr (sizeof(Lane<V>) == 4) return (V)_mm256_round_ps((__m256)x, direction | _MM_FROUND_NO_EXC);
  if constexpr (sizeof(Lane<V>) == 8) return (V)_mm256_round_pd((__m256d)x, direction | _MM_FROUND_NO_EXC);
#elif defined(__SSE4_1__)
  if constexpr (sizeof(Lane<V>) == 4) return (V)_mm_round_ps((__m128)x, direction | _MM_FROUND_NO_EXC);
  if constexpr (sizeof(Lane<V>) == 8) return (V)_mm_round_pd((__m128d)x, direction | _MM_FROUND_NO_EXC);
#else
  for (int i = 0; i < kLanes<Lane<V>>; ++i)
    x[i] = direction == 0   ? __builtin_rint(x[i])
           : direction == 1 ? __builtin_floor(x[i])
           : direction == 2 ? __builtin_ceil(x[i])
                            : __builtin_trunc(x[i]);
  return x;
#endif
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
