#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Acos {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vacos(x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return -dy / vsqrt((T(1) - x) * (T(1) + x));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
