#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Atan2 {
  template <class V>
  TILESTACK_FORMULA V forward(V a, V b) const {
    return vatan2(a, b);
  }
  template <class V>
  TILESTACK_FORMULA V backward_a(V a, V b, V dy) const {
    return dy * b / (a * a + b * b);
  }
  template <class V>
  TILESTACK_FORMULA V backward_b(V a, V b, V dy) const {
    return -(dy * a / (a * a + b * b));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
