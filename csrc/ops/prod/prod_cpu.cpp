#include "core/reduce.h"
#include "ops/prod/prod.h"

namespace tilestack::TILESTACK_ISA {
namespace {

template <class A>
struct Multiply {
  using Acc = A;
  using Total = std::conditional_t<kIsFloat<A>, double, A>;
  static constexpr A identity = 1;
  template <class V>
  TILESTACK_INLINE static V combine(V a, V b) {
    return wrapping([](auto a, auto b) { return a * b; }, a, b);
  }
};

// With c = 1 zeros are left out.
struct ZeroToCentre {
  template <class V>
  TILESTACK_INLINE static V map(V x, V c) {
    return x == 0 ? c : x;
  }
};
struct IsZero {
  template <class V>
  TILESTACK_INLINE static V map(V x, V) {
    return x == 0 ? V{} + 1 : V{};
  }
};

void forward(View x, View y) {
  const ReducePlan plan(x, y);
  auto run = [&]<class T>() {
    using Op = Multiply<Compute<T>>;
    auto store = [&](std::int64_t, std::int64_t at, typename Op::Total total) { y.data<T>()[at] = convert<T>(total); };
    reduce<Op>(plan, x.pointer, kRowKernels<Op, ZeroToCentre, T>, {}, emit_each<typename Op::Total>(store));
  };
  if (x.dtype == DType::int64) return run.template operator()<std::int64_t>();
  visit_float(x.dtype, run);
}

// With p = dy * (product of what is not zero): p / x if nothing is zero, p at the only zero, else 0.
void backward(View x, View dy, View dx) {
  const ReducePlan plan(x, dy);
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    Scratch<A> products(plan.outputs()), zeros(plan.outputs());
    auto keep_product = [&](std::int64_t output, std::int64_t at, double total) {
      products[output] = A(total * convert<A>(dy.data<T>()[at]));
    };
    auto keep_zeros = [&](std::int64_t output, std::int64_t, double total) { zeros[output] = A(total); };
    reduce<Multiply<A>>(plan, x.pointer, kRowKernels<Multiply<A>, ZeroToCentre, T>, {nullptr, 1},
                        emit_each<double>(keep_product));
    reduce<Add<A>>(plan, x.pointer, kRowKernels<Add<A>, IsZero, T>, {}, emit_each<double>(keep_zeros));
    spread<true>(plan, x.data<T>(), dx.data<T>(), products.data, zeros.data, [](auto x, auto product, auto zeros) {
      using V = decltype(x);
      const V others = zeros == 1 ? product : V{};
      return x == 0 ? others : (zeros == 0 ? product / x : V{});
    });
  });
}

}  // namespace
constinit const ProdKernels prod = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
