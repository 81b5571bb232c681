#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Glu {
  template <class V>
  TILESTACK_FORMULA V forward(V a, V b) const {
    return a * vsigmoid(b);
  }

  template <class V>
  TILESTACK_FORMULA V backward_a(V, V b, V dy) const {
    return dy * vsigmoid(b);
  }
  template <class V>
  TILESTACK_FORMULA V backward_b(V a, V b, V dy) const {
    const V s = vsigmoid(b);
    return dy * (a * (s * (T(1) - s)));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
