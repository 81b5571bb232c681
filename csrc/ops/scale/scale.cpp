#include "ops/scale/scale.h"

#include "core/tensor_list.h"

namespace tilestack {

void scale(const TensorList& xs, double factor) {
  check_parameters("scale", xs);
  if (xs.empty()) return;
  scale_on(xs[0].device()).forward(views_of(xs).data(), std::int64_t(xs.size()), factor);
  for (const Tensor& x : xs) x.bump_version();
}

}  // namespace tilestack
