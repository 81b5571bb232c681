#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class A>
struct Lion {
  A factor, lr, kept, beta1, rest1, beta2, rest2;

  explicit Lion(const LionOptions& o)
      : factor(A(o.gradient_factor)),
        lr(A(o.lr)),
        kept(A(1 - o.lr * o.weight_decay)),
        beta1(A(o.beta1)),
        rest1(A(1 - o.beta1)),
        beta2(A(o.beta2)),
        rest2(A(1 - o.beta2)) {}

  template <class V>
  TILESTACK_FORMULA void operator()(V& p, V gradient, V (&state)[1]) const {
    V& m = state[0];
    const V g = factor * gradient, mixed = beta1 * m + rest1 * g, zero = V{}, step = zero + lr;
    // Without a sign, 0 and NaN go by themselves.
    p = kept * p - (mixed > zero ? step : mixed < zero ? -step : mixed);
    m = beta2 * m + rest2 * g;
  }
};

void step(const UpdateLists& lists, LionOptions options) { update_each<1, Lion>(lists, options); }

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
