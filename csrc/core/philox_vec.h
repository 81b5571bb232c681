#pragma once
// Groups of Philox words by vectors.
#include "core/philox.h"
#include "core/vec.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// High halves of the 64-bit products of lanes with m.
TILESTACK_INLINE VecU multiply_high(VecU a, std::uint32_t m) {
  typedef std::uint64_t Wide __attribute__((vector_size(kVectorBytes)));
  const Wide odd_lanes = (Wide)a >> 32;
#if defined(__AVX512F__)
  const auto product = [m](Wide x) { return (Wide)_mm512_maskz_mul_epu32(0xff, (__m512i)x, _mm512_set1_epi64(m)); };
#elif defined(__AVX2__)
  const auto product = [m](Wide x) { return (Wide)_mm256_mul_epu32((__m256i)x, _mm256_set1_epi64x(m)); };
#elif defined(__SSE2__)
  const auto product = [m](Wide x) { return (Wide)_mm_mul_epu32((__m128i)x, _mm_set1_epi64x(m)); };
#else
  const auto product = [m](Wide x) { return (x & 0xffffffffu) * m; };
#endif
  return (VecU)((product((Wide)a) >> 32) | (product(odd_lanes) & 0xffffffff00000000u));
}

// The 64 words of a group in their order.
[[gnu::noinline, maybe_unused]] void philox_group(Philox stream, std::int64_t group, std::uint32_t* words) {
  constexpr int lanes = kLanes<std::int32_t>;
  const std::uint64_t first = stream.offset + std::uint64_t(group) * 16;
  VecU lane;
  for (int i = 0; i < lanes; ++i) lane[i] = std::uint32_t(i);
  for (int part = 0; part < 16; part += lanes) {
    const std::uint32_t low = std::uint32_t(first);
    VecU a = lane + (low + std::uint32_t(part));
    VecU b = std::uint32_t(first >> 32) - (VecU)(a < low), c = {}, d = {};
    std::uint32_t key0 = std::uint32_t(stream.seed), key1 = std::uint32_t(stream.seed >> 32);
    for (int round = 0; round < kPhiloxRounds; ++round) {
      const VecU p_high = multiply_high(a, kPhiloxMultiplier[0]), q_high = multiply_high(c, kPhiloxMultiplier[1]);
      const VecU p_low = a * kPhiloxMultiplier[0], q_low = c * kPhiloxMultiplier[1];
      a = q_high ^ b ^ key0;
      b = q_low;
      c = p_high ^ d ^ key1;
      d = p_low;
      key0 += kPhiloxKeyStep[0];
      key1 += kPhiloxKeyStep[1];
    }
    const VecU w[4] = {a, b, c, d};
    for (int j = 0; j < 4; ++j) __builtin_memcpy(words + 16 * j + part, &w[j], sizeof w[j]);
  }
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
