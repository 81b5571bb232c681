#pragma once
// Largest and smallest values, for kernel files of amax and argmax.
#include "core/reduce.h"

namespace tilestack::TILESTACK_ISA {
namespace {

template <class A>
constexpr A kLowest = kIsFloat<A> ? A(-__builtin_inf()) : A(std::int64_t(1) << 63);

// A NaN wins over every number.
template <class A>
struct Larger {
  using Acc = A;
  using Total = A;
  static constexpr A identity = kLowest<A>;
  template <class V>
  TILESTACK_INLINE static V combine(V a, V b) {
    return maximum(a, b);
  }
};

// The smallest x is found as the largest of -x, or of ~x for integers: x ^ c, where c is flip<A>(smallest).
struct Flipped {
  template <class V>
  TILESTACK_INLINE static V map(V x, V c) {
    return __builtin_bit_cast(V, __builtin_bit_cast(VecU, x) ^ __builtin_bit_cast(VecU, c));
  }
};

template <class A>
TILESTACK_INLINE A flip(bool smallest) {
  if (!smallest) return A(0);
  return kIsFloat<A> ? A(-0.0) : A(-1);
}

template <class A>
TILESTACK_INLINE A unflip(A x, bool smallest) {
  if constexpr (kIsFloat<A>) {
    return smallest ? -x : x;
  } else {
    return smallest ? ~x : x;
  }
}

// Lanes in which x equals c, or both are NaN.
template <class V>
TILESTACK_INLINE auto same(V x, V c) {
  return (x == c) | ((x != x) & (c != c));
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
