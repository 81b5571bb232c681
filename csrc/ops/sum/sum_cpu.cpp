#include "core/reduce.h"
#include "ops/sum/sum.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View x, View y, double scale) {
  const ReducePlan plan(x, y);
  visit_all(x.dtype, [&]<class S>() {
    using T = Stored<S>;
    using Op = Add<Accumulator<T>>;
    auto store = [&](std::int64_t, std::int64_t at, typename Op::Total total) {
      if constexpr (kIsFloat<T>) {
        y.data<T>()[at] = convert<T>(total * scale);
      } else {
        y.data<std::int64_t>()[at] = total;
      }
    };
    reduce<Op>(plan, x.pointer, kRowKernels<Op, Itself, T>, {}, emit_each<typename Op::Total>(store));
  });
}

void backward(View dy, View dx, double scale) {
  const ReducePlan plan(dx, dy);
  visit_float(dx.dtype, [&]<class T>() {
    using A = Compute<T>;
    Scratch<A> values(plan.outputs());
    for_each_output(
        plan, [&](std::int64_t output, std::int64_t at) { values[output] = A(convert<A>(dy.data<T>()[at]) * scale); });
    spread<false>(plan, dx.data<T>(), dx.data<T>(), values.data, values.data, [](auto, auto p, auto) { return p; });
  });
}

}  // namespace
constinit const SumKernels sum = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
