#include "ops/rmsprop/rmsprop.h"

#include "core/multi_tensor.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void step(const View* params, const View* grads, const View* v, const View* a, const View* b, std::int64_t count,
          RmspropOptions o) {
  update_each(params, count, [=]<class T>(std::int64_t k, std::int64_t i, auto part) {
    using A = Compute<T>;
    const A alpha = A(o.alpha), rest = A(1 - o.alpha);
    T* at = params[k].data<T>() + i;
    A* v_at = v[k].data<A>() + i;
    const Vec<A> p = part.load(at), loaded = part.load(grads[k].data<T>() + i);
    const Vec<A> g = (o.maximize ? -loaded : loaded) + A(o.weight_decay) * p;
    Vec<A> square = alpha * part.load(v_at) + rest * g * g;
    part.store(v_at, square);
    if (a) {
      const Vec<A> mean = alpha * part.load(a[k].data<A>() + i) + rest * g;
      part.store(a[k].data<A>() + i, mean);
      square -= mean * mean;
    }
    Vec<A> d = g / (vsqrt(square) + A(o.eps));
    if (b) {
      d += A(o.momentum) * part.load(b[k].data<A>() + i);
      part.store(b[k].data<A>() + i, d);
    }
    part.store(at, p - A(o.lr) * d);
  });
}

}  // namespace
constinit const RmspropKernels rmsprop = {step};
}  // namespace tilestack::TILESTACK_ISA
