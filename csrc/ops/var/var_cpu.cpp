#include "core/reduce.h"
#include "ops/var/var.h"

namespace tilestack::TILESTACK_ISA {
namespace {

struct SquaredDistance {
  template <class V>
  TILESTACK_INLINE static V map(V x, V c) {
    return (x - c) * (x - c);
  }
};

void forward(View x, View y, View mean, double correction, bool root) {
  const ReducePlan plan(x, y);
  if (plan.outputs() == 0) return;
  const double n = double(x.numel()) / double(y.numel()), freedom = n > correction ? n - correction : 0;
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    Scratch<A> means(plan.outputs());
    auto keep_mean = [&](std::int64_t output, std::int64_t at, double total) {
      means[output] = mean.data<A>()[at] = A(total / n);
    };
    auto store = [&](std::int64_t, std::int64_t at, double total) {
      const double value = total / freedom;
      y.data<A>()[at] = A(root ? __builtin_sqrt(value) : value);
    };
    reduce<Add<A>>(plan, x.pointer, kRowKernels<Add<A>, Itself, T>, {}, emit_each<double>(keep_mean));
    reduce<Add<A>>(plan, x.pointer, kRowKernels<Add<A>, SquaredDistance, T>, {means}, emit_each<double>(store));
  });
}

void backward(View x, View y, View mean, View dy, View dx, double scale) {
  const ReducePlan plan(x, mean);
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    Scratch<A> means(plan.outputs()), factors(plan.outputs());
    for_each_output(plan, [&](std::int64_t output, std::int64_t at) {
      const double root = y.pointer ? double(y.data<A>()[at]) : 1;
      means[output] = mean.data<A>()[at];
      factors[output] = root == 0 ? A(0) : A(convert<A>(dy.data<T>()[at]) * scale / root);
    });
    spread<true>(plan, x.data<T>(), dx.data<T>(), means.data, factors.data,
                 [](auto x, auto mean, auto factor) { return (x - mean) * factor; });
  });
}

}  // namespace
constinit const VarKernels var = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
