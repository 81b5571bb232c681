#include "ops/grad_norm/grad_norm.h"

#include "core/tensor_list.h"

namespace tilestack {

Tensor grad_norm(const TensorList& xs, double p) {
  check(p > 0, "grad_norm: norm_type must be above 0, got {}", p);
  TensorList dense;
  DType wide = DType::float32;
  for (const Tensor& x : xs) {
    check<TypeError>(x.defined(), "grad_norm: wanted tensors, got None");
    check_float("grad_norm", x);
    check(x.device() == xs[0].device(), "grad_norm: all tensors must be on one device, got {} and {}", xs[0].device(),
          x.device());
    if (x.dtype() == DType::float64) wide = DType::float64;
    dense.push_back(is_dense(x) ? x : as_contiguous(x));
  }
  const Tensor y = xs.empty() ? zeros({}, wide) : empty({}, wide, xs[0].device());
  if (!xs.empty()) grad_norm_on(y.device()).forward(views_of(dense).data(), std::int64_t(dense.size()), y, p);
  return y;
}

}  // namespace tilestack
