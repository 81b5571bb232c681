#include "core/parallel.h"
#include "core/philox_vec.h"
#include "core/vec_math.h"
#include "ops/random/random.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// Fills y, of n elements, with groups: f(out, words) writes the elements that the words of a group give.
template <int words_each, class T, class F>
TILESTACK_INLINE void fill_by_groups(T* y, std::int64_t n, Philox stream, F f) {
  constexpr std::int64_t each = kPhiloxGroup / words_each;
  parallel_for(n, grain_of(n, 1), [&](std::int64_t begin, std::int64_t end) {
    alignas(64) std::uint32_t words[kPhiloxGroup];
    std::int64_t i = begin;
    for (; i + each <= end; i += each) {
      philox_group(stream, i / each, words);
      f(y + i, words);
    }
    if (i == end) return;
    T last[each];
    philox_group(stream, i / each, words);
    f(last, words);
    __builtin_memcpy(y + i, last, std::size_t(end - i) * sizeof(T));
  });
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
    if constexpr (__is_same(T, double)) {
      fill_by_groups<2>(y.data<T>(), y.numel(), stream, [&](T* out, const std::uint32_t* words) {
        for (int i = 0; i < kPhiloxGroup / 2; ++i) out[i] = low + (high - low) * unit_double(words + 2 * i);
      });
    } else {
      const float start = float(low), scale = float((high - low) / double(1 << kDigits<T>));
      fill_by_groups<1>(y.data<T>(), y.numel(), stream, [&](T* out, const std::uint32_t* words) {
        for (int i = 0; i < kPhiloxGroup; i += kLanes<float>) {
          const VecI digits = (VecI)(load_raw<VecU>(words + i) >> (32 - kDigits<T>));
          store(out + i, __builtin_convertvector(digits, VecF) * scale + start);
        }
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
TILESTACK_INLINE void box_muller(const std::uint32_t* u, const std::uint32_t* v, VecF& x, VecF& y) {
  const VecF unit = (__builtin_convertvector((VecI)(load_raw<VecU>(u) >> 1), VecF) + 0.5f) * 0x1p-31f;
  const VecF turn = __builtin_convertvector((VecI)(load_raw<VecU>(v) >> 8), VecF) * 0x1p-24f;
  const VecF radius = vsqrt(vlog(unit) * -2.0f);
  VecF sine, cosine;
  sin_cos_turns(turn, sine, cosine);
  x = radius * cosine;
  y = radius * sine;
}

void normal(View y, Philox stream, double mean, double std) {
  visit_float(y.dtype, [&]<class T>() {
    if constexpr (__is_same(T, double)) {
      fill_by_groups<2>(y.data<T>(), y.numel(), stream, [&](T* out, const std::uint32_t* words) {
        for (int i = 0; i < kPhiloxGroup / 2; i += 2) {
          const double radius = __builtin_sqrt(-2 * __builtin_log(1 - unit_double(words + 2 * i)));
          const double angle = 6.283185307179586 * unit_double(words + 2 * i + 2);
          out[i] = radius * __builtin_cos(angle) * std + mean;
          out[i + 1] = radius * __builtin_sin(angle) * std + mean;
        }
      });
    } else {
      const float center = float(mean), width = float(std);
      fill_by_groups<1>(y.data<T>(), y.numel(), stream, [&](T* out, const std::uint32_t* words) {
        for (int pair = 0; pair < kPhiloxGroup; pair += 32) {
          for (int i = pair; i < pair + 16; i += kLanes<float>) {
            VecF a, b;
            box_muller(words + i, words + i + 16, a, b);
            store(out + i, a * width + center);
            store(out + i + 16, b * width + center);
          }
        }
      });
    }
  });
}

void integers(View y, Philox stream, std::int64_t low, std::int64_t high) {
  const std::uint64_t range = std::uint64_t(high) - std::uint64_t(low);
  visit_all(y.dtype, [&]<class T>() {
    fill_by_groups<2>(y.data<T>(), y.numel(), stream, [&](T* out, const std::uint32_t* words) {
      for (int i = 0; i < kPhiloxGroup / 2; ++i) {
        const std::uint64_t bits = words[2 * i] | std::uint64_t(words[2 * i + 1]) << 32;
        const auto picked = std::uint64_t((unsigned __int128)bits * range >> 64);
        out[i] = convert<T>(std::int64_t(std::uint64_t(low) + picked));
      }
    });
  });
}

void bernoulli(View y, Philox stream, double p) {
  const auto below = std::uint64_t(p * 0x1p32 + 0.5);
  visit_all(y.dtype, [&]<class T>() {
    const T one = convert<T>(1), zero = convert<T>(0);
    fill_by_groups<1>(y.data<T>(), y.numel(), stream, [&](T* out, const std::uint32_t* words) {
      for (int i = 0; i < kPhiloxGroup; ++i) out[i] = words[i] < below ? one : zero;
    });
  });
}

}  // namespace
constinit const RandomKernels random = {uniform, normal, integers, bernoulli};
}  // namespace tilestack::TILESTACK_ISA
