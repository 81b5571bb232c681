#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Expm1 {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return copy_sign(vexpm1(x), x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V y, V dy) const {
    return dy * (y + T(1));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
