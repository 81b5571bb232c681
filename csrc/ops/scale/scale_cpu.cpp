#include "ops/scale/scale.h"

#include "core/multi_tensor.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(const View* xs, std::int64_t count, View given) {
  const double factor = given.dtype == DType::float64 ? *given.data<double>() : double(*given.data<float>());
  for_each_vector(xs, count, [=]<class T>(std::int64_t k, std::int64_t i, auto part) {
    T* x = xs[k].data<T>() + i;
    part.store(x, part.load(x) * Compute<T>(factor));
  });
}

}  // namespace
constinit const ScaleKernels scale = {forward};
}  // namespace tilestack::TILESTACK_ISA
