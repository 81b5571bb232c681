#pragma once
// The kernels of a pointwise loss F, for kernel files: its loss(x, t) and slope(x, t) take vectors.
#include "core/reduce.h"

namespace tilestack::TILESTACK_ISA {
namespace {

template <class F>
void pointwise_forward(View x, View t, View y, LossReduction reduction, double parameter) {
  const F f = make_loss<F>(parameter);
  const std::int64_t n = x.numel();
  visit_float(x.dtype, [&]<class T>() {
    const T *xs = x.data<T>(), *ts = t.data<T>();
    if (reduction == LossReduction::none) {
      return parallel_for(n, grain_of(n, 1), [&](std::int64_t begin, std::int64_t end) {
        for_vectors<T>(end - begin, [&](std::int64_t i, auto part) {
          part.store(y.data<T>() + begin + i, f.loss(part.load(xs + begin + i), part.load(ts + begin + i)));
        });
      });
    }
    const std::int64_t chunks = (n + kElementGrain - 1) / kElementGrain;
    Scratch<double> sums(chunks);
    parallel_for(n, kElementGrain, [&](std::int64_t begin, std::int64_t end) {
      sums[begin / kElementGrain] = double(sum_row<T>(end - begin, [&](std::int64_t i, auto part) {
        return part.keep(f.loss(part.load(xs + begin + i), part.load(ts + begin + i)));
      }));
    });
    double total = 0;
    for (std::int64_t i = 0; i < chunks; ++i) total += sums[i];
    *y.data<T>() = convert<T>(reduction == LossReduction::mean ? total / double(n) : total);
  });
}

template <class F>
void pointwise_backward(View x, View t, View dy, View dx, double scale, double parameter) {
  const F f = make_loss<F>(parameter);
  const bool each = dy.ndim == x.ndim && x.ndim > 0;
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    const T *xs = x.data<T>(), *ts = t.data<T>(), *dys = dy.data<T>();
    const Vec<A> factor = splat(A(each ? scale : scale * convert<double>(dys[0])));
    parallel_for(x.numel(), grain_of(x.numel(), 1), [&](std::int64_t begin, std::int64_t end) {
      for_vectors<T>(end - begin, [&](std::int64_t j, auto part) {
        const std::int64_t i = begin + j;
        const Vec<A> slope = f.slope(part.load(xs + i), part.load(ts + i)) * factor;
        part.store(dx.data<T>() + i, each ? slope * part.load(dys + i) : slope);
      });
    });
  });
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
