#pragma once
#include "core/dtype.h"

namespace tilestack {

// Philox 4x32-10, a counter-based generator (Salmon et al., 2011): block number `counter` of the stream of a seed is
// four words. Kernels read a stream as groups of 16 counters: word 16 j + lane of group g is word j of counter offset +
// 16 g + lane, so that vectors of any width up to 16 lanes come out in order.
struct Philox {
  std::uint64_t seed, offset;
};
constexpr std::int64_t kPhiloxGroup = 64;  // words
constexpr std::uint32_t kPhiloxMultiplier[2] = {0xD2511F53u, 0xCD9E8D57u},
                        kPhiloxKeyStep[2] = {0x9E3779B9u, 0xBB67AE85u};
constexpr int kPhiloxRounds = 10;

struct PhiloxWords {
  std::uint32_t word[4];
};

TILESTACK_INLINE PhiloxWords philox(std::uint64_t seed, std::uint64_t counter) {
  std::uint32_t a = std::uint32_t(counter), b = std::uint32_t(counter >> 32), c = 0, d = 0;
  std::uint32_t key0 = std::uint32_t(seed), key1 = std::uint32_t(seed >> 32);
  constexpr std::uint32_t step0 = kPhiloxKeyStep[0], step1 = kPhiloxKeyStep[1];  // nvcc knows no elements of arrays
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const std::uint64_t p = std::uint64_t(kPhiloxMultiplier[0]) * a, q = std::uint64_t(kPhiloxMultiplier[1]) * c;
    a = std::uint32_t(q >> 32) ^ b ^ key0;
    b = std::uint32_t(q);
    c = std::uint32_t(p >> 32) ^ d ^ key1;
    d = std::uint32_t(p);
    key0 += step0;
    key1 += step1;
  }
  return {{a, b, c, d}};
}

}  // namespace tilestack
