#pragma once
#include "core/dtype.h"

namespace tilestack {

template <class T>
constexpr int kSortBits = 8 * int(sizeof(Compute<T>));

// Unsigned numbers below 2^kSortBits in the order of x: NaN above all, -0 as 0; descending: in reverse.
template <class T>
TILESTACK_INLINE std::uint64_t sort_key(T x, bool descending) {
  using C = Compute<T>;
  constexpr int kBits = kSortBits<T>;
  constexpr std::uint64_t kMask = ~std::uint64_t(0) >> (64 - kBits), kSign = std::uint64_t(1) << (kBits - 1);
  std::uint64_t key;
  if constexpr (__is_same(C, float) || __is_same(C, double)) {
    using Bits = std::conditional_t<kBits == 64, std::uint64_t, std::uint32_t>;
    const C value = convert<C>(x);
    const std::uint64_t bits = __builtin_bit_cast(Bits, value == C(0) ? C(0) : value);
    const std::uint64_t turned =
        kSign | ((std::uint64_t(0) - (bits >> (kBits - 1))) & kMask);  // all bits of a negative one
    key = value != value ? kMask : bits ^ turned;
  } else if constexpr (__is_same(T, bool) || __is_same(T, std::uint8_t)) {
    key = std::uint64_t(x);
  } else {
    key = (std::uint64_t(std::int64_t(x)) & kMask) ^ kSign;
  }
  return descending ? ~key & kMask : key;
}

}  // namespace tilestack
