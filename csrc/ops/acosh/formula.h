#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Acosh {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vacosh(x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return dy / vsqrt((x - T(1)) * (x + T(1)));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
