#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class A>
struct Moments {
  A factor, kept, coupled, rest1, beta2, rest2, from_mean, from_gradient, inverse_root, eps;

  explicit Moments(const MomentOptions& o)
      : factor(A(o.gradient_factor)),
        kept(A(o.kept)),
        coupled(A(o.coupled)),
        rest1(A(o.rest1)),
        beta2(A(o.beta2)),
        rest2(A(1 - o.beta2)),
        from_mean(A(o.from_mean)),
        from_gradient(A(o.from_gradient)),
        inverse_root(A(o.inverse_root)),
        eps(A(o.eps)) {}

  template <class V, int kStates>
  TILESTACK_FORMULA void operator()(V& p, V gradient, V (&state)[kStates]) const {
    V &m = state[0], &v = state[1];
    const V g = factor * gradient + coupled * p;
    m += rest1 * (g - m);
    v = beta2 * v + rest2 * g * g;
    V square = v;
    if constexpr (kStates == 3) square = state[2] = maximum(v, state[2]);
    p = kept * p - (from_mean * m + from_gradient * g) / (vsqrt(square) * inverse_root + eps);
  }
};

void step(const UpdateLists& lists, MomentOptions options) {
  options.amsgrad ? update_each<3, Moments>(lists, options) : update_each<2, Moments>(lists, options);
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
