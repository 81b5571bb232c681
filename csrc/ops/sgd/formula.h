#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class A>
struct Sgd {
  A factor, lr, momentum, undamped, weight_decay;
  bool first, nesterov;

  explicit Sgd(const SgdOptions& o)
      : factor(A(o.gradient_factor)),
        lr(A(o.lr)),
        momentum(A(o.momentum)),
        undamped(A(1 - o.dampening)),
        weight_decay(A(o.weight_decay)),
        first(o.first),
        nesterov(o.nesterov) {}

  template <class V>
  TILESTACK_FORMULA V slope(V p, V gradient) const {
    return factor * gradient + weight_decay * p;
  }
  template <class V>
  TILESTACK_FORMULA void operator()(V& p, V gradient, V (&)[1]) const {
    p -= lr * slope(p, gradient);
  }
};

template <class A>
struct SgdMomentum : Sgd<A> {
  using Sgd<A>::Sgd;

  template <class V>
  TILESTACK_FORMULA void operator()(V& p, V gradient, V (&state)[1]) const {
    const V g = this->slope(p, gradient);
    V& b = state[0];
    b = this->first ? g : this->momentum * b + this->undamped * g;
    p -= this->lr * (this->nesterov ? g + this->momentum * b : b);
  }
};

void step(const UpdateLists& lists, SgdOptions options) {
  options.momentum == 0 ? update_each<0, Sgd>(lists, options) : update_each<1, SgdMomentum>(lists, options);
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
