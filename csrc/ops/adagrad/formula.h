#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class A>
struct Adagrad {
  A factor, lr, eps, weight_decay;

  explicit Adagrad(const AdagradOptions& o)
      : factor(A(o.gradient_factor)),
        lr(A(o.lr / (1 + double(o.step - 1) * o.lr_decay))),
        eps(A(o.eps)),
        weight_decay(A(o.weight_decay)) {}

  template <class V>
  TILESTACK_FORMULA void operator()(V& p, V gradient, V (&state)[1]) const {
    const V g = factor * gradient + weight_decay * p;
    state[0] += g * g;
    p -= lr * g / (vsqrt(state[0]) + eps);
  }
};

void step(const UpdateLists& lists, AdagradOptions options) { update_each<1, Adagrad>(lists, options); }

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
