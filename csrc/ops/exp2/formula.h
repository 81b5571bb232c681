#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Exp2 {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vexp2(x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V y, V dy) const {
    return dy * (y * T(0.69314718055994530942));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
