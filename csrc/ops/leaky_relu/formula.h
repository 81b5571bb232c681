#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct LeakyRelu {
  T slope;
  explicit LeakyRelu(Parameters p) : slope(T(p.a)) {}

  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return x > T(0) ? x : x * slope;
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return x > T(0) ? dy : dy * slope;
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
