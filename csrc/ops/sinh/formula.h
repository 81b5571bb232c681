#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Sinh {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vsinh(x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return dy * vcosh(x);
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
