#include "ops/sgd/sgd.h"

#include "core/multi_tensor.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void step(const View* params, const View* grads, const View* momenta, std::int64_t count, SgdOptions options) {
  update_each(params, count, [=]<class T>(std::int64_t k, std::int64_t i, auto part) {
    using A = Compute<T>;
    const A lr = A(options.lr), momentum = A(options.momentum), weight_decay = A(options.weight_decay);
    T* at = params[k].data<T>() + i;
    const Vec<A> p = part.load(at), loaded = part.load(grads[k].data<T>() + i);
    Vec<A> g = (options.maximize ? -loaded : loaded) + weight_decay * p;
    if (momenta) {
      A* buffer = momenta[k].data<A>() + i;
      const Vec<A> b = options.first ? g : momentum * part.load(buffer) + A(1 - options.dampening) * g;
      part.store(buffer, b);
      g = options.nesterov ? g + momentum * b : b;
    }
    part.store(at, p - lr * g);
  });
}

}  // namespace
constinit const SgdKernels sgd = {step};
}  // namespace tilestack::TILESTACK_ISA
