#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct LogAddExp {
  template <class V>
  TILESTACK_FORMULA V forward(V a, V b) const {
    const V most = a > b ? a : b, apart = a == b ? V{} : vabs(a - b);  // infinity - infinity is NaN
    return most + vlog1p(vexp(-apart));
  }
  template <class V>
  TILESTACK_FORMULA V backward_a(V a, V b, V dy) const {
    return dy * vsigmoid(a == b ? V{} : a - b);
  }
  template <class V>
  TILESTACK_FORMULA V backward_b(V a, V b, V dy) const {
    return dy * vsigmoid(a == b ? V{} : b - a);
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
