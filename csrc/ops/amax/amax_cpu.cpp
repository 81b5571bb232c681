#include "core/extremes.h"
#include "ops/amax/amax.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View x, View y, bool smallest) {
  const ReducePlan plan(x, y);
  visit_all(x.dtype, [&]<class S>() {
    using T = Stored<S>;
    using A = Accumulator<T>;
    auto store = [&](std::int64_t, std::int64_t at, A total) { y.data<T>()[at] = convert<T>(unflip(total, smallest)); };
    reduce<Larger<A>>(plan, x.pointer, kRowKernels<Larger<A>, Flipped, T>, {nullptr, flip<A>(smallest)},
                      emit_each<A>(store));
  });
}

struct IsCentre {
  template <class V>
  TILESTACK_INLINE static V map(V x, V c) {
    return same(x, c) ? V{} + 1 : V{};
  }
};

void backward(View x, View y, View dy, View dx) {
  const ReducePlan plan(x, y);
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    Scratch<A> values(plan.outputs()), shares(plan.outputs());
    for_each_output(plan, [&](std::int64_t output, std::int64_t at) { values[output] = convert<A>(y.data<T>()[at]); });
    auto share = [&](std::int64_t output, std::int64_t at, double ties) {
      shares[output] = A(convert<A>(dy.data<T>()[at]) / ties);
    };
    reduce<Add<A>>(plan, x.pointer, kRowKernels<Add<A>, IsCentre, T>, {values}, emit_each<double>(share));
    spread<true>(plan, x.data<T>(), dx.data<T>(), values.data, shares.data,
                 [](auto x, auto value, auto share) { return same(x, value) ? share : decltype(share){}; });
  });
}

}  // namespace
constinit const AmaxKernels amax = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
