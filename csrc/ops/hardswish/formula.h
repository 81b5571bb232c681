#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Hardswish {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    const V ramp = x + T(3), above = ramp < T(0) ? V{} : ramp;
    return x * at_most(above, T(6)) / T(6);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    const V slope = x / T(3) + T(0.5);
    return x <= T(-3) ? V{} : (x >= T(3) ? dy : dy * slope);
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
