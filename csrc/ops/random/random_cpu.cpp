#include "core/parallel.h"
#include "core/philox_vec.h"
#include "core/vec_math.h"
#include "ops/random/random.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// f(first, count, words) for each group of the stream, with the elements that its words belong to.
template <int words_each, class F>
TILESTACK_INLINE void for_each_group(std::int64_t n, Philox stream, F f) {
  constexpr std::int64_t each = kPhiloxGroup / words_each;
  parallel_for(n, kElementGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; i += each) {
      alignas(64) std::uint32_t words[kPhiloxGroup];
      philox_group(stream, i / each, words);
      f(i, end - i < each ? end - i : each, words);
    }
  });
}

template <class T>
TILESTACK_INLINE void store_first(T* y, const Compute<T>* values, std::int64_t n) {
  constexpr int lanes = kLanes<Compute<T>>;
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) store(y + i, load(values + i));
  if (i < n) store_partial(y + i, load(values + i), n - i);
}

TILESTACK_INLINE double unit_double(const std::uint32_t* words) {
  const std::uint64_t bits = words[0] | std::uint64_t(words[1]) << 32;
  return double(bits >> 11) * 0x1p-53;
}

template <class T>
constexpr int kDigits = 24;
template <>
constexpr int kDigits<bfloat16> = 8;
template <>
constexpr int kDigits<float16> = 11;

void uniform(View y, Philox stream, double low, double high) {
  visit_float(y.dtype, [&]<class T>() {
    T* out = y.data<T>();
    if constexpr (__is_same(T, double)) {
      for_each_group<2>(y.numel(), stream, [&](std::int64_t first, std::int64_t count, const std::uint32_t* words) {
        for (std::int64_t i = 0; i < count; ++i) out[first + i] = low + (high - low) * unit_double(words + 2 * i);
      });
    } else {
      const float start = float(low), scale = float((high - low) / double(1 << kDigits<T>));
      for_each_group<1>(y.numel(), stream, [&](std::int64_t first, std::int64_t count, const std::uint32_t* words) {
        float values[kPhiloxGroup];
        for (int i = 0; i < kPhiloxGroup; ++i)
          values[i] = start + scale * float(std::int32_t(words[i] >> (32 - kDigits<T>)));
        store_first(out + first, values, count);
      });
    }
  });
}

// sin and cos of 2 pi u for u in [0, 1): within a quarter turn by Taylor polynomials, then by symmetry.
TILESTACK_INLINE void sin_cos_turns(VecF u, VecF& sine, VecF& cosine) {
  const VecF quarters = (u * 4.0f + FloatBits<float>::rounder) - FloatBits<float>::rounder;
  const VecF r = (u * 4.0f - quarters) * 1.57079632679f, z = r * r;
  const VecF s = r * polynomial(z, 1.0f, -1.66666667e-1f, 8.33333333e-3f, -1.98412698e-4f, 2.75573192e-6f);
  const VecF c = polynomial(z, 1.0f, -0.5f, 4.16666667e-2f, -1.38888889e-3f, 2.48015873e-5f, -2.75573192e-7f);
  const VecI q = __builtin_convertvector(quarters, VecI);
  const VecI odd = (q & 1) != 0;
  sine = (q & 2) != 0 ? -(odd ? c : s) : (odd ? c : s);
  cosine = ((q + 1) & 2) != 0 ? -(odd ? s : c) : (odd ? s : c);
}

// Two independent normal numbers from two words: radius sqrt(-2 ln u), angle 2 pi v.
TILESTACK_INLINE void box_muller(const std::uint32_t* u, const std::uint32_t* v, float* x, float* y, float mean,
                                 float std) {
  const VecF radius_unit = (__builtin_convertvector((VecI)(load_raw<VecU>(u) >> 1), VecF) + 0.5f) * 0x1p-31f;
  const VecF angle = __builtin_convertvector((VecI)(load_raw<VecU>(v) >> 8), VecF) * 0x1p-24f;
  const VecF radius = vsqrt(vlog(radius_unit) * -2.0f);
  VecF sine, cosine;
  sin_cos_turns(angle, sine, cosine);
  store(x, radius * cosine * std + mean);
  store(y, radius * sine * std + mean);
}

void normal(View y, Philox stream, double mean, double std) {
  visit_float(y.dtype, [&]<class T>() {
    T* out = y.data<T>();
    if constexpr (__is_same(T, double)) {
      for_each_group<2>(y.numel(), stream, [&](std::int64_t first, std::int64_t count, const std::uint32_t* words) {
        for (std::int64_t i = 0; i < count; i += 2) {
          const double radius = __builtin_sqrt(-2 * __builtin_log(1 - unit_double(words + 2 * i)));
          const double angle = 6.283185307179586 * unit_double(words + 2 * i + 2);
          out[first + i] = radius * __builtin_cos(angle) * std + mean;
          if (i + 1 < count) out[first + i + 1] = radius * __builtin_sin(angle) * std + mean;
        }
      });
    } else {
      for_each_group<1>(y.numel(), stream, [&](std::int64_t first, std::int64_t count, const std::uint32_t* words) {
        float values[kPhiloxGroup];
        for (int pair = 0; pair < kPhiloxGroup; pair += 32)
          for (int i = pair; i < pair + 16; i += kLanes<float>)
            box_muller(words + i, words + i + 16, values + i, values + i + 16, float(mean), float(std));
        store_first(out + first, values, count);
      });
    }
  });
}

void integers(View y, Philox stream, std::int64_t low, std::int64_t high) {
  const std::uint64_t range = std::uint64_t(high) - std::uint64_t(low);
  visit_all(y.dtype, [&]<class T>() {
    T* out = y.data<T>();
    for_each_group<2>(y.numel(), stream, [&](std::int64_t first, std::int64_t count, const std::uint32_t* words) {
      for (std::int64_t i = 0; i < count; ++i) {
        const std::uint64_t bits = words[2 * i] | std::uint64_t(words[2 * i + 1]) << 32;
        const auto picked = std::uint64_t((unsigned __int128)bits * range >> 64);
        out[first + i] = convert<T>(std::int64_t(std::uint64_t(low) + picked));
      }
    });
  });
}

void bernoulli(View y, Philox stream, double p) {
  const auto below = std::uint64_t(p * 0x1p32 + 0.5);
  visit_all(y.dtype, [&]<class T>() {
    T* out = y.data<T>();
    const T one = convert<T>(1), zero = convert<T>(0);
    for_each_group<1>(y.numel(), stream, [&](std::int64_t first, std::int64_t count, const std::uint32_t* words) {
      for (std::int64_t i = 0; i < count; ++i) out[first + i] = words[i] < below ? one : zero;
    });
  });
}

}  // namespace
constinit const RandomKernels random = {uniform, normal, integers, bernoulli};
}  // namespace tilestack::TILESTACK_ISA
