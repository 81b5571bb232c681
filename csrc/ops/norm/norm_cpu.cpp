#include "core/reduce.h"
#include "ops/norm/norm.h"

namespace tilestack::TILESTACK_ISA {
namespace {

struct Squared {
  template <class V>
  TILESTACK_INLINE static V map(V x, V) {
    return x * x;
  }
};

void forward(View x, View y) {
  const ReducePlan plan(x, y);
  visit_float(x.dtype, [&]<class T>() {
    using Op = Add<Compute<T>>;
    auto store = [&](std::int64_t, std::int64_t at, double total) {
      y.data<Compute<T>>()[at] = Compute<T>(__builtin_sqrt(total));
    };
    reduce<Op>(plan, x.pointer, kRowKernels<Op, Squared, T>, {}, emit_each<double>(store));
  });
}

void backward(View x, View y, View dy, View dx) {
  const ReducePlan plan(x, y);
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    Scratch<A> factors(plan.outputs());
    for_each_output(plan, [&](std::int64_t output, std::int64_t at) {
      const A norm = y.data<A>()[at];
      factors[output] = norm == 0 ? A(0) : convert<A>(dy.data<T>()[at]) / norm;
    });
    spread<true>(plan, x.data<T>(), dx.data<T>(), factors.data, factors.data,
                 [](auto x, auto factor, auto) { return x * factor; });
  });
}

}  // namespace
constinit const NormKernels norm = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
