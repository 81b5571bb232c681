#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class A>
struct Lamb {
  A factor, lr, rest1, beta2, rest2, corrected_mean, inverse_root, eps, weight_decay;

  explicit Lamb(const LambStep& o)
      : factor(A(o.gradient_factor)),
        lr(A(o.lr)),
        rest1(A(o.rest1)),
        beta2(A(o.beta2)),
        rest2(A(1 - o.beta2)),
        corrected_mean(A(o.corrected_mean)),
        inverse_root(A(o.inverse_root)),
        eps(A(o.eps)),
        weight_decay(A(o.weight_decay)) {}

  template <class V>
  TILESTACK_FORMULA void move_moments(V gradient, V& m, V& v) const {
    const V g = factor * gradient;
    m += rest1 * (g - m);
    v = beta2 * v + rest2 * g * g;
  }
  template <class V>
  TILESTACK_FORMULA V direction(V p, V m, V v) const {
    return corrected_mean * m / (vsqrt(v) * inverse_root + eps) + weight_decay * p;
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
