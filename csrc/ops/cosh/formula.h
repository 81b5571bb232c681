#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Cosh {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vcosh(x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return dy * vsinh(x);
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
