#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Elu {
  T outer, scale, inner;
  explicit Elu(Parameters p) : outer(T(p.a)), scale(T(p.b)), inner(T(p.c)) {}

  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    const V negative = vexpm1(x * inner) * outer, positive = x * scale;
    return x < T(0) ? negative : positive;
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    const V negative = dy * (vexp(x * inner) * (outer * inner)), positive = dy * scale;
    return x > T(0) ? positive : negative;
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
