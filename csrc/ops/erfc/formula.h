#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Erfc {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return verfc(x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return dy * (vexp(-x * x) * T(-1.1283791670955126));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
