#pragma once
#include "cuda/gpu.h"

namespace tilestack::gpu {

// Division of numbers below 2^31 by a fixed one, as a product (Granlund and Montgomery, 1994).
struct FastDiv {
  std::uint32_t divisor = 1, multiplier = 1, shift = 0;

  FastDiv() = default;
  explicit FastDiv(std::int64_t d) : divisor(static_cast<std::uint32_t>(d)) {
    while ((std::uint64_t(1) << shift) < divisor) ++shift;
    multiplier =
        static_cast<std::uint32_t>(((std::uint64_t(1) << 32) * ((std::uint64_t(1) << shift) - divisor)) / divisor + 1);
  }
  __device__ __forceinline__ std::uint32_t divide(std::uint32_t n) const {
    return (__umulhi(n, multiplier) + n) >> shift;
  }
  // n becomes the quotient; returns the remainder.
  __device__ __forceinline__ std::uint32_t split(std::uint32_t& n) const {
    const std::uint32_t quotient = divide(n), remainder = n - quotient * divisor;
    n = quotient;
    return remainder;
  }
};

}  // namespace tilestack::gpu
