#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Softplus {
  T beta, threshold;
  explicit Softplus(Parameters p) : beta(T(p.a)), threshold(T(p.b)) {}

  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    const V v = x * beta, above = v > T(0) ? v : V{};
    const V y = (above + vlog1p(vexp(-vabs(v)))) / beta;
    return v > threshold ? x : y;
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    const V v = x * beta, slope = dy * vsigmoid(v);
    return v > threshold ? dy : slope;
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
