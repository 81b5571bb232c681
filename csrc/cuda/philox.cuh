#pragma once
// The words of core/philox.h as threads take them: each has a quarter of a group, 16 of its 64 words.
#include "core/philox.h"
#include "cuda/graph.h"
#include "cuda/ragged.cuh"

namespace tilestack::gpu {

constexpr int kPhiloxThreads = 256;

// word[j][l] is word 16 j + 4 quarter + l of the group.
struct PhiloxQuarter {
  std::uint32_t word[4][4];

  __device__ __forceinline__ PhiloxQuarter(const Changing<Philox>& place, std::int64_t group, int quarter) {
    const Philox stream = place.get();
    const std::uint64_t first = stream.offset + static_cast<std::uint64_t>(16 * group + 4 * quarter);
#pragma unroll
    for (int l = 0; l < 4; ++l) {
      const PhiloxWords words = philox(stream.seed, first + l);
#pragma unroll
      for (int j = 0; j < 4; ++j) word[j][l] = words.word[j];
    }
  }
};

// Blocks for n elements, of which a group has kGroup.
template <int kGroup>
unsigned philox_blocks(std::int64_t n) {
  return static_cast<unsigned>(ceil_div(4 * ceil_div(n, std::int64_t(kGroup)), std::int64_t(kPhiloxThreads)));
}

}  // namespace tilestack::gpu
