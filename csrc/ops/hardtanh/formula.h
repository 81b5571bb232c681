#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Hardtanh {
  T low, high;
  explicit Hardtanh(Parameters p) : low(T(p.a)), high(T(p.b)) {}

  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    const V above = x < low ? V{} + low : x;
    return above > high ? V{} + high : above;
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    const V below = x < high ? dy : V{};
    return x > low ? below : V{};
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
