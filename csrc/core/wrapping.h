#pragma once
// Integer arithmetic that wraps around, as numpy's, where C++ leaves the result of signed overflow undefined.
#include <type_traits>

namespace tilestack::TILESTACK_ISA {
namespace {

// f of numbers, or of vectors, all of one type; integers are handed to it as unsigned ones.
template <class F, class V, class... Vs>
TILESTACK_INLINE V wrapping(F f, V a, Vs... rest) {
  if constexpr (std::is_arithmetic_v<V>) {
    using U = typename std::conditional_t<std::is_integral_v<V>, std::make_unsigned<V>, std::type_identity<V>>::type;
    return V(f(U(a), U(rest)...));
  } else {
    using E = std::remove_cvref_t<decltype(a[0])>;
    using L = typename std::conditional_t<std::is_integral_v<E>, std::make_unsigned<E>, std::type_identity<E>>::type;
    typedef L U __attribute__((vector_size(sizeof(V))));
    return (V)f((U)a, (U)rest...);
  }
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
