#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class A, bool kCentered, bool kMomentum>
struct RmspropFormula {
  A factor, lr, alpha, rest, eps, weight_decay, momentum;

  explicit RmspropFormula(const RmspropOptions& o)
      : factor(A(o.gradient_factor)),
        lr(A(o.lr)),
        alpha(A(o.alpha)),
        rest(A(1 - o.alpha)),
        eps(A(o.eps)),
        weight_decay(A(o.weight_decay)),
        momentum(A(o.momentum)) {}

  template <class V, int kStates>
  TILESTACK_FORMULA void operator()(V& p, V gradient, V (&state)[kStates]) const {
    const V g = factor * gradient + weight_decay * p;
    V square = alpha * state[0] + rest * g * g;
    state[0] = square;
    if constexpr (kCentered) {
      V& a = state[1];
      a = alpha * a + rest * g;
      square -= a * a;
    }
    V d = g / (vsqrt(square) + eps);
    if constexpr (kMomentum) {
      V& b = state[kStates - 1];
      b = momentum * b + d;
      d = b;
    }
    p -= lr * d;
  }
};
template <class A>
using Plain = RmspropFormula<A, false, false>;
template <class A>
using Centered = RmspropFormula<A, true, false>;
template <class A>
using Momentum = RmspropFormula<A, false, true>;
template <class A>
using CenteredMomentum = RmspropFormula<A, true, true>;

void step(const UpdateLists& lists, RmspropOptions options) {
  if (options.centered) {
    options.momentum > 0 ? update_each<3, CenteredMomentum>(lists, options) : update_each<2, Centered>(lists, options);
  } else {
    options.momentum > 0 ? update_each<2, Momentum>(lists, options) : update_each<1, Plain>(lists, options);
  }
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
