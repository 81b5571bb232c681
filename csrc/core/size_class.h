#pragma once
#include <bit>
#include <cstddef>

namespace tilestack {

// Size classes of caching allocators: eight to a doubling, from 64 bytes on.
constexpr int kSizeClasses = 8 * 48;

constexpr int size_class_of(std::size_t bytes) {
  if (bytes <= 64) return 0;
  const int exponent = std::bit_width(bytes - 1) - 1;  // 2^exponent < bytes <= 2^(exponent + 1)
  const std::size_t step = (std::size_t(1) << exponent) / 8;
  return (exponent - 6) * 8 + int((bytes - (std::size_t(1) << exponent) + step - 1) / step);
}

constexpr std::size_t bytes_of_class(int size_class) {
  const int exponent = 6 + size_class / 8;
  return (std::size_t(1) << exponent) + std::size_t(size_class % 8) * ((std::size_t(1) << exponent) / 8);
}

}  // namespace tilestack
