#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Prelu {
  template <class V>
  TILESTACK_FORMULA V forward(V a, V b) const {
    return a > T(0) ? a : a * b;
  }

  template <class V>
  TILESTACK_FORMULA V backward_a(V a, V b, V dy) const {
    return a > T(0) ? dy : dy * b;
  }
  template <class V>
  TILESTACK_FORMULA V backward_b(V a, V, V dy) const {
    return a > T(0) ? V{} : dy * a;
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
