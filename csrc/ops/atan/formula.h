#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Atan {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vatan(x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return dy / (x * x + T(1));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
