#pragma once
// Elementary functions of vectors of float and double, at most 2 units in the last place from the exact value: exp, log
// 1; erf, expm1, log1p 1.5 (double expm1 1.9); sigmoid 2, tanh 2.1. NaN, infinities and subnormals come out as in the C
// library.
#include <type_traits>

#include "core/vec.h"

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct FloatBits;
template <>
struct FloatBits<float> {
  using Int = std::int32_t;
  static constexpr int mantissa = 23;
  static constexpr Int bias = 127;
  static constexpr float smallest_normal = 0x1p-126f, infinity = __builtin_inff();
  // Adding it to a small number rounds that to an integer, which then stands in the low bits.
  static constexpr float rounder = 0x1.8p23f;
  static constexpr float ln2_high = 0x1.62p-1f, ln2_low = 0x1.c85fe0p-10f;  // products of high with exponents are exact
  static constexpr float exp_low = -104, exp_high = 89, tanh_high = 10, erf_high = 4;
};
template <>
struct FloatBits<double> {
  using Int = std::int64_t;
  static constexpr int mantissa = 52;
  static constexpr Int bias = 1023;
  static constexpr double smallest_normal = 0x1p-1022, infinity = __builtin_inf();
  static constexpr double rounder = 0x1.8p52;
  static constexpr double ln2_high = 0x1.62e42fefap-1, ln2_low = 0x1.cf79abc9e3b3ap-40;
  static constexpr double exp_low = -746, exp_high = 710, tanh_high = 20, erf_high = 6;
};

template <class V>
using Lane = std::remove_cvref_t<decltype(V{}[0])>;
template <class V>
using IntVec = Vec<typename FloatBits<Lane<V>>::Int>;

// c0 + c1 x + c2 x^2 + ...
template <class V>
TILESTACK_INLINE V polynomial(V, Lane<V> c) {
  return splat(c);
}
template <class V, class... C>
TILESTACK_INLINE V polynomial(V x, Lane<V> c, C... rest) {
  return polynomial(x, Lane<V>(rest)...) * x + c;
}

template <class V>
TILESTACK_INLINE V vabs(V x) {
  using I = IntVec<V>;
  return (V)((I)x & ~(I)splat(Lane<V>(-0.0)));
}
template <class V>
TILESTACK_INLINE V copy_sign(V magnitude, V sign) {
  using I = IntVec<V>;
  const I bit = (I)splat(Lane<V>(-0.0));
  return (V)(((I)magnitude & ~bit) | ((I)sign & bit));
}
template <class V>
TILESTACK_INLINE V vsqrt(V x) {
#if defined(__AVX512F__)
  if constexpr (sizeof(Lane<V>) == 4) return (V)_mm512_sqrt_ps((__m512)x);
  if constexpr (sizeof(Lane<V>) == 8) return (V)_mm512_sqrt_pd((__m512d)x);
#elif defined(__AVX2__)
  if constexpr (sizeof(Lane<V>) == 4) return (V)_mm256_sqrt_ps((__m256)x);
  if constexpr (sizeof(Lane<V>) == 8) return (V)_mm256_sqrt_pd((__m256d)x);
#elif defined(__SSE2__)
  if constexpr (sizeof(Lane<V>) == 4) return (V)_mm_sqrt_ps((__m128)x);
  if constexpr (sizeof(Lane<V>) == 8) return (V)_mm_sqrt_pd((__m128d)x);
#else
  for (int i = 0; i < kLanes<Lane<V>>; ++i) x[i] = __builtin_sqrt(x[i]);
  return x;
#endif
}
// max(x, low) and min(x, high); NaN stays. The processor's instructions give their second operand for NaN.
template <class V>
TILESTACK_INLINE V at_least(V x, Lane<V> low) {
#if defined(__AVX512F__)
  if constexpr (sizeof(Lane<V>) == 4) return (V)_mm512_max_ps(_mm512_set1_ps(low), (__m512)x);
  if constexpr (sizeof(Lane<V>) == 8) return (V)_mm512_max_pd(_mm512_set1_pd(low), (__m512d)x);
#elif defined(__AVX2__)
  if constexpr (sizeof(Lane<V>) == 4) return (V)_mm256_max_ps(_mm256_set1_ps(low), (__m256)x);
  if constexpr (sizeof(Lane<V>) == 8) return (V)_mm256_max_pd(_mm256_set1_pd(low), (__m256d)x);
#elif defined(__SSE2__)
  if constexpr (sizeof(Lane<V>) == 4) return (V)_mm_max_ps(_mm_set1_ps(low), (__m128)x);
  if constexpr (sizeof(Lane<V>) == 8) return (V)_mm_max_pd(_mm_set1_pd(low), (__m128d)x);
#else
  return x < low ? splat(low) : x;
#endif
}
template <class V>
TILESTACK_INLINE V at_most(V x, Lane<V> high) {
#if defined(__AVX512F__)
  if constexpr (sizeof(Lane<V>) == 4) return (V)_mm512_min_ps(_mm512_set1_ps(high), (__m512)x);
  if constexpr (sizeof(Lane<V>) == 8) return (V)_mm512_min_pd(_mm512_set1_pd(high), (__m512d)x);
#elif defined(__AVX2__)
  if constexpr (sizeof(Lane<V>) == 4) return (V)_mm256_min_ps(_mm256_set1_ps(high), (__m256)x);
  if constexpr (sizeof(Lane<V>) == 8) return (V)_mm256_min_pd(_mm256_set1_pd(high), (__m256d)x);
#elif defined(__SSE2__)
  if constexpr (sizeof(Lane<V>) == 4) return (V)_mm_min_ps(_mm_set1_ps(high), (__m128)x);
  if constexpr (sizeof(Lane<V>) == 8) return (V)_mm_min_pd(_mm_set1_pd(high), (__m128d)x);
#else
  return x > high ? splat(high) : x;
#endif
}

// x 2^n for an integral n, rounded once; n within twice the range of exponents.
template <class V>
TILESTACK_INLINE V scale_by_power(V x, V n) {
#if defined(__AVX512F__)
  if constexpr (sizeof(Lane<V>) == 4) return (V)_mm512_scalef_ps((__m512)x, (__m512)n);
  if constexpr (sizeof(Lane<V>) == 8) return (V)_mm512_scalef_pd((__m512d)x, (__m512d)n);
#endif
  using B = FloatBits<Lane<V>>;
  using I = IntVec<V>;
  const V half = (n * Lane<V>(0.5) + B::rounder) - B::rounder, other = n - half;
  const auto power = [](V e) { return (V)((I)(e + (B::rounder + B::bias)) << B::mantissa); };
  return x * power(half) * power(other);
}

// x = n ln 2 + r with integral n and |r| <= ln(2) / 2.
template <class V>
struct ExpReduced {
  V n, r;
};
template <class V>
TILESTACK_INLINE ExpReduced<V> reduce_exp(V x) {
  using B = FloatBits<Lane<V>>;
  const V n = (x * Lane<V>(1.44269504088896340736) + B::rounder) - B::rounder;
  return {n, (x - n * B::ln2_high) - n * B::ln2_low};
}

// exp(r) - 1 for |r| <= ln(2) / 2.
template <class V>
TILESTACK_INLINE V expm1_near_zero(V r) {
  if constexpr (sizeof(Lane<V>) == 4) {
    return r + r * r *
                   polynomial(r, 0.499999934126860324f, 0.166665201048073696f, 0.0416683941486830419f,
                              0.0083687806896008799f, 0.00138144712255016966f);
  } else {
    return r + r * r *
                   polynomial(r, 0.5, 0.166666666666666836, 0.041666666666666089, 0.00833333333331691633,
                              0.00138888888891173017, 0.000198412698966825736, 0.0000248015869245366252,
                              2.7557234557322823e-6, 2.75575828490379423e-7, 2.51121449581875188e-8,
                              2.08265210788130047e-9);
  }
}

// For x within [exp_low, exp_high].
template <class V>
TILESTACK_INLINE V exp_in_range(V x) {
  const auto [n, r] = reduce_exp(x);
  return scale_by_power(expm1_near_zero(r) + Lane<V>(1), n);
}
// (exp(x) - 1) / 2; halved, since 2^n itself overflows too early.
template <class V>
TILESTACK_INLINE V half_expm1_in_range(V x) {
  using T = Lane<V>;
  const auto [n, r] = reduce_exp(x);
  const V half_power = scale_by_power(splat(T(0.5)), n);
  return expm1_near_zero(r) * half_power + (half_power - T(0.5));
}
template <class V>
TILESTACK_INLINE V expm1_in_range(V x) {
  return Lane<V>(2) * half_expm1_in_range(x);
}

template <class V>
TILESTACK_INLINE V vexp(V x) {
  using B = FloatBits<Lane<V>>;
  return exp_in_range(at_most(at_least(x, B::exp_low), B::exp_high));
}
template <class V>
TILESTACK_INLINE V vexpm1(V x) {
  using B = FloatBits<Lane<V>>;
  return expm1_in_range(at_most(at_least(x, B::exp_low), B::exp_high));
}

// log(1 + f) for 1 + f in [sqrt(1/2), sqrt(2)], plus n ln 2.
template <class V>
TILESTACK_INLINE V log_reduced(V f, V n) {
  using B = FloatBits<Lane<V>>;
  using T = Lane<V>;
  const V half_square = f * f * T(0.5);
  if constexpr (sizeof(T) == 4) {
    const V cubic = polynomial(f, 0.333333104467295118f, -0.249999865754279605f, 0.200022262282451223f,
                               -0.16669251773361892f, 0.142186655184710039f, -0.12384337227957376f,
                               0.118729163962204163f, -0.117898481645162617f, 0.0691553972442841521f);
    return n * B::ln2_high + (f - (half_square - (cubic * f * f * f + n * B::ln2_low)));
  } else {  // 2 atanh(s) with s = f / (2 + f)
    const V s = f / (f + T(2)), z = s * s;
    const V rest =
        z * polynomial(z, 0.666666666666666609, 0.400000000000063319, 0.285714285690585286, 0.222222226509364629,
                       0.181817753327442087, 0.153871053723887899, 0.132497871468177142, 0.132543518425313893);
    return n * B::ln2_high + (f - (half_square - (s * (half_square + rest) + n * B::ln2_low)));
  }
}

#if defined(__AVX512F__)
// Mantissa in [1, 2), NaN for negative x, and exponent, -infinity at 0.
TILESTACK_INLINE void split(VecF x, VecF& mantissa, VecF& exponent) {
  mantissa = (VecF)_mm512_getmant_ps((__m512)x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_nan);
  exponent = (VecF)_mm512_getexp_ps((__m512)x);
}
TILESTACK_INLINE void split(VecD x, VecD& mantissa, VecD& exponent) {
  mantissa = (VecD)_mm512_getmant_pd((__m512d)x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_nan);
  exponent = (VecD)_mm512_getexp_pd((__m512d)x);
}

template <class V>
TILESTACK_INLINE V vlog(V x) {
  using T = Lane<V>;
  V m, n;
  split(x, m, n);
  const auto large = m > T(1.41421356237309505);
  return log_reduced((large ? m * T(0.5) : m) - T(1), large ? n + T(1) : n);
}
#else
template <class V>
TILESTACK_INLINE V vlog(V x) {
  using B = FloatBits<Lane<V>>;
  using I = IntVec<V>;
  using T = Lane<V>;
  const auto subnormal = x < B::smallest_normal;
  const I bits = (I)(subnormal ? x * T(std::int64_t(1) << B::mantissa) : x);
  const I from_sqrt_half = bits - (I)splat(T(0.70710678118654752440));
  const I exponent = from_sqrt_half & splat(-(typename B::Int(1) << B::mantissa));
  V n = (V)((exponent >> B::mantissa) + (I)splat(B::rounder)) - B::rounder;
  n = subnormal ? n - T(B::mantissa) : n;
  const V y = log_reduced((V)(bits - exponent) - T(1), n);
  const V edge = x == T(0) ? splat(-B::infinity) : splat(T(__builtin_nan("")));
  return x > T(0) ? (x < B::infinity ? y : x) : edge;
}
#endif

template <class V>
TILESTACK_INLINE V vlog1p(V x) {
  using T = Lane<V>;
  const V u = x + T(1), lost = (x - (u - T(1))) / u;
  const V y = vlog(u);
  return lost == lost ? y + lost : y;  // x = -1 and infinity
}

// n / (1 + e) for e >= 0. What 1 + e loses in rounding is made good.
template <class V>
TILESTACK_INLINE V divide_by_one_plus(V n, V e) {
  using T = Lane<V>;
  const V sum = e + T(1);
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) {  // an estimate of 14 bits and a Newton step take half the time of a division
    const V inverse = (V)_mm512_rcp14_ps((__m512)sum), y = n * inverse;
    return y + y * ((T(1) - inverse) - inverse * e);
  }
#endif
  const V y = n / sum, lost = e < T(1) ? e - (sum - T(1)) : V{};
  return y - y * (lost * (T(1) - T(0.5) * e));  // 1 - e / 2 is near enough to 1 / sum
}

template <class V>
TILESTACK_INLINE V vtanh(V x) {
  const V half = half_expm1_in_range(Lane<V>(2) * at_most(vabs(x), FloatBits<Lane<V>>::tanh_high));
  return copy_sign(divide_by_one_plus(half, half), x);
}

template <class V>
TILESTACK_INLINE V vsigmoid(V x) {
  using T = Lane<V>;
  const V e = exp_in_range(at_least(-vabs(x), FloatBits<T>::exp_low));
  return divide_by_one_plus(x < T(0) ? e : splat(T(1)), e);
}

template <class V>
TILESTACK_INLINE V verf(V x) {
  using T = Lane<V>;
  const V a = at_most(vabs(x), FloatBits<T>::erf_high), z = a * a;
  V small, large;  // erf(a) / a - 1 below 1, log(1 - erf(a)) above
  if constexpr (sizeof(T) == 4) {
    small = polynomial(z, 0.128379165913838197f, -0.376126271365806479f, 0.112836001829234603f, -0.026854444857453566f,
                       0.00518953581901718006f, -0.000802084528337955177f, 0.0000788913208972655754f);
    large =
        polynomial(a, -0.000341518932386389605f, -1.12708920533636454f, -0.638144810135384618f, -0.10310677193664415f,
                   0.0218380711901924103f, -0.00294765982518919416f, 0.000186379322332727108f);
  } else {
    small = polynomial(z, 0.128379167095512574, -0.376126389031837482, 0.112837916709548845, -0.0268661706450778751,
                       0.00522397762482843067, -0.000854832698142554209, 0.000120553311329558196,
                       -0.0000149255957721809053, 1.64610084778027013e-6, -1.63503962228646163e-7,
                       1.46603287227422595e-8, -1.13749557360701496e-9, 5.96068533852097103e-11);
    large = polynomial(a, -1.06333779173027527e-6, -1.12836871448063258, -0.636667569331303387, -0.102637673716929234,
                       0.0188654255294784736, 0.000584013590424039548, -0.00209873072526509658, 0.000919915498278636043,
                       -0.000230635906295543054, 0.0000279946066064410143, 3.61160825209658463e-6,
                       -2.67307775124704689e-6, 6.87762170540173131e-7, -1.08221768565105293e-7, 1.09033906504191873e-8,
                       -6.51816151819241715e-10, 1.77042467552059805e-11);
  }
  const V y = a < T(1) ? a + a * small : T(1) - exp_in_range(large);
  return copy_sign(y, x);
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
