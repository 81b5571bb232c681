#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Threshold {
  T limit, value;
  explicit Threshold(Parameters p) : limit(T(p.a)), value(T(p.b)) {}

  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return x <= limit ? V{} + value : x;
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return x <= limit ? V{} : dy;
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
