#pragma once
// Which functions compute in which dtype under autocast: products_low(f) and float32_only(f) are f with its tensors
// converted first. With the policy off that costs a look at one flag of the thread.
#include <type_traits>

#include "core/autocast.h"
#include "core/op.h"

namespace tilestack {

template <Tensor (*cast)(const Tensor&), class T>
decltype(auto) cast_argument(T&& x) {
  using Plain = std::remove_cvref_t<T>;
  if constexpr (std::is_same_v<Plain, Tensor>) {
    return cast(x);
  } else if constexpr (std::is_same_v<Plain, Operand>) {
    return x.tensor.defined() ? Operand(cast(x.tensor)) : x;
  } else {
    return std::forward<T>(x);
  }
}

template <Tensor (*cast)(const Tensor&), class F, class R, class... Args>
auto casting(F f, R (*)(Args...)) {
  return [f](Args... args) -> R {
    if (!autocast_on()) [[likely]]
      return f(std::forward<Args>(args)...);
    return f(cast_argument<cast>(std::forward<Args>(args))...);
  };
}

// For functions and lambdas without captures.
template <class F>
auto products_low(F f) {
  return casting<cast_down>(f, +f);
}
template <class F>
auto float32_only(F f) {
  return casting<cast_up>(f, +f);
}

}  // namespace tilestack
