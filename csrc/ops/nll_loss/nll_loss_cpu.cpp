#include "ops/nll_loss/nll_loss.h"

#include "core/parallel.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// f(target, weight of a class) with the types of x and target.
template <class F>
void visit(DType dtype, const View& target, const View& weight, F&& f) {
  visit_float(dtype, [&]<class T>() {
    visit_index(target.dtype, [&]<class Index>() {
      f.template operator()<T>(target.data<Index>(), [w = weight.data<T>()](std::int64_t c) {
        return w ? convert<Compute<T>>(w[c]) : Compute<T>(1);
      });
    });
  });
}

std::int64_t forward(View x, View target, View weight, View total, View y, ClassLossOptions options) {
  const std::int64_t rows = x.shape[0], classes = x.shape[1];
  std::int64_t bad = -1;
  visit(x.dtype, target, weight, [&]<class T>(const auto* t, auto weight_of) {
    double sum = 0, weights = 0;
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t c = t[row];
      const bool counts = c != options.ignore_index;
      if (counts && (c < 0 || c >= classes)) {
        bad = row;
        return;
      }
      const double w = counts ? double(weight_of(c)) : 0;
      const double loss = counts ? -w * double(convert<Compute<T>>(x.row<T>(row)[c])) : 0;
      if (options.reduction == LossReduction::none) y.data<T>()[row] = convert<T>(loss);
      sum += loss;
      weights += w;
    }
    *total.data<Compute<T>>() = Compute<T>(weights);
    if (options.reduction == LossReduction::none) return;
    *y.data<T>() = convert<T>(options.reduction == LossReduction::mean ? sum / weights : sum);
  });
  return bad;
}

void backward(View target, View weight, View total, View dy, View dx, ClassLossOptions options) {
  const bool each = options.reduction == LossReduction::none;
  visit(dx.dtype, target, weight, [&]<class T>(const auto* t, auto weight_of) {
    using A = Compute<T>;
    const A scale = options.reduction == LossReduction::mean ? -1 / *total.data<A>() : A(-1);
    parallel_rows(dx.shape[0], dx.shape[1], [&](std::int64_t row) {
      T* out = dx.row<T>(row);
      __builtin_memset(static_cast<void*>(out), 0, std::size_t(dx.shape[1]) * sizeof(T));
      const std::int64_t c = t[row];
      if (c != options.ignore_index)
        out[c] = convert<T>(scale * weight_of(c) * convert<A>(dy.data<T>()[each ? row : 0]));
    });
  });
}

}  // namespace
constinit const NllLossKernels nll_loss = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
