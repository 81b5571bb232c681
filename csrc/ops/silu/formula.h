#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Silu {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return x * vsigmoid(x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    const V s = vsigmoid(x);
    return dy * (s * (x * (T(1) - s) + T(1)));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
