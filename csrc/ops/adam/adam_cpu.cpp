#include "ops/adam/adam.h"

#include "core/multi_tensor.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void step(const View* params, const View* grads, const View* m, const View* v, const View* largest, std::int64_t count,
          AdamOptions o) {
  const double correction1 = 1 - __builtin_pow(o.beta1, double(o.step));
  const double correction2 = 1 - __builtin_pow(o.beta2, double(o.step));
  const double step_size = o.lr / correction1, inverse_root = 1 / __builtin_sqrt(correction2);
  const double kept = o.decoupled ? 1 - o.lr * o.weight_decay : 1, coupled = o.decoupled ? 0 : o.weight_decay;
  const double rest1 = 1 - o.beta1, rest2 = 1 - o.beta2;
  update_each(params, count, [=]<class T>(std::int64_t k, std::int64_t i, auto part) {
    using A = Compute<T>;
    T* at = params[k].data<T>() + i;
    A *m_at = m[k].data<A>() + i, *v_at = v[k].data<A>() + i;
    const Vec<A> p = part.load(at), loaded = part.load(grads[k].data<T>() + i);
    const Vec<A> g = (o.maximize ? -loaded : loaded) + A(coupled) * p;
    const Vec<A> m_before = part.load(m_at), mean = m_before + A(rest1) * (g - m_before);
    Vec<A> square = A(o.beta2) * part.load(v_at) + A(rest2) * g * g;
    part.store(m_at, mean);
    part.store(v_at, square);
    if (largest) {
      square = maximum(square, part.load(largest[k].data<A>() + i));
      part.store(largest[k].data<A>() + i, square);
    }
    part.store(at, A(kept) * p - A(step_size) * mean / (vsqrt(square) * A(inverse_root) + A(o.eps)));
  });
}

}  // namespace
constinit const AdamKernels adam = {step};
}  // namespace tilestack::TILESTACK_ISA
