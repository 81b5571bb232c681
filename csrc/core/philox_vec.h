#pragma once
// Groups of Philox words by vectors.
#include "core/philox.h"
#include "core/vec.h"

namespace tilestack::TILESTACK_ISA {
namespace {

typedef std::uint64_t VecWide __attribute__((vector_size(kVectorBytes)));

// 64-bit products of the low halves of lanes with m.
TILESTACK_INLINE VecWide multiply_low_halves(VecWide a, std::uint32_t m) {
#if defined(__AVX512F__)
  return (VecWide)_mm512_maskz_mul_epu32(0xff, (__m512i)a, _mm512_set1_epi64(m));
#elif defined(__AVX2__)
  return (VecWide)_mm256_mul_epu32((__m256i)a, _mm256_set1_epi64x(m));
#elif defined(__SSE2__)
  return (VecWide)_mm_mul_epu32((__m128i)a, _mm_set1_epi64x(m));
#else
  return (a & 0xffffffffu) * m;
#endif
}

// Words in the low halves of lanes; what the high halves hold does not matter.
struct PhiloxLanes {
  VecWide a, b, c = {}, d = {};

  TILESTACK_INLINE explicit PhiloxLanes(VecWide counter) : a(counter), b(counter >> 32) {}
  TILESTACK_INLINE void round(std::uint32_t key0, std::uint32_t key1) {
    const VecWide p = multiply_low_halves(a, kPhiloxMultiplier[0]), q = multiply_low_halves(c, kPhiloxMultiplier[1]);
    a = (q >> 32) ^ b ^ key0;
    b = q;
    c = (p >> 32) ^ d ^ key1;
    d = p;
  }
};

// The 64 words of a group in their order.
[[gnu::noinline, maybe_unused]] void philox_group(Philox stream, std::int64_t group, std::uint32_t* words) {
  constexpr int lanes = kLanes<std::int32_t>;
  const std::uint64_t first = stream.offset + std::uint64_t(group) * 16;
  VecWide twice;  // 0, 2, 4...
  for (int i = 0; i < lanes / 2; ++i) twice[i] = std::uint64_t(2 * i);
  for (int part = 0; part < 16; part += lanes) {
    PhiloxLanes even(twice + (first + std::uint64_t(part))), odd(twice + (first + std::uint64_t(part) + 1));
    std::uint32_t key0 = std::uint32_t(stream.seed), key1 = std::uint32_t(stream.seed >> 32);
    for (int round = 0; round < kPhiloxRounds; ++round) {
      even.round(key0, key1);
      odd.round(key0, key1);
      key0 += kPhiloxKeyStep[0];
      key1 += kPhiloxKeyStep[1];
    }
    const auto keep = [&](int word, VecWide low, VecWide high) {
      const VecWide both = (low & 0xffffffffu) | (high << 32);
      __builtin_memcpy(words + 16 * word + part, &both, sizeof both);
    };
    keep(0, even.a, odd.a);
    keep(1, even.b, odd.b);
    keep(2, even.c, odd.c);
    keep(3, even.d, odd.d);
  }
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
