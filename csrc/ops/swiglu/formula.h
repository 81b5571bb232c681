#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Swiglu {
  template <class V>
  TILESTACK_FORMULA V forward(V a, V b) const {
    return a * vsigmoid(a) * b;
  }

  template <class V>
  TILESTACK_FORMULA V backward_a(V a, V b, V dy) const {
    const V s = vsigmoid(a);
    return dy * (b * (s * (a * (T(1) - s) + T(1))));
  }
  template <class V>
  TILESTACK_FORMULA V backward_b(V a, V, V dy) const {
    return dy * (a * vsigmoid(a));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
