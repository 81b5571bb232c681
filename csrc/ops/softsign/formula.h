#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Softsign {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return x / (vabs(x) + T(1));
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    const V d = vabs(x) + T(1);
    return dy / (d * d);
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
