#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Atanh {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vatanh(x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return dy / ((T(1) - x) * (T(1) + x));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
