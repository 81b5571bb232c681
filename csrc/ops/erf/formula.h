#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Erf {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return verf(x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return dy * (vexp(-x * x) * T(1.12837916709551257));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
