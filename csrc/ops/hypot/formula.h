#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Hypot {
  template <class V>
  TILESTACK_FORMULA V forward(V a, V b) const {
    return vhypot(a, b);
  }
  template <class V>
  TILESTACK_FORMULA V backward_a(V a, V b, V dy) const {
    return dy * (a / vhypot(a, b));
  }
  template <class V>
  TILESTACK_FORMULA V backward_b(V a, V b, V dy) const {
    return dy * (b / vhypot(a, b));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
