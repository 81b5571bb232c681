#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Hardsigmoid {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    const V ramp = x + T(3), above = ramp < T(0) ? V{} : ramp;
    return at_most(above, T(6)) / T(6);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    const V inside = dy / T(6);
    return x > T(-3) ? (x < T(3) ? inside : V{}) : V{};
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
