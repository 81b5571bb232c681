#include "ops/one_hot/one_hot.h"

#include "core/index_tensor.h"

namespace tilestack {

Tensor one_hot(const Tensor& indices, std::int64_t num_classes) {
  check_index_dtype("one_hot", "the input", indices);
  const Tensor in = as_contiguous(indices);
  const OneHotKernels& kernels = one_hot_on(in.device());
  if (num_classes == -1) {
    check(in.numel() > 0, "one_hot: num_classes is needed for an empty input");
    num_classes = kernels.largest(in) + 1;
  }
  check(num_classes >= 0, "one_hot: num_classes must not be negative, got {}", num_classes);
  check<IndexError>(num_classes > 0 || in.numel() == 0, "one_hot: no index is within num_classes 0");
  Dims shape = in.shape();
  shape.push_back(num_classes);
  const Tensor y = empty(shape, DType::int64, in.device());
  const std::int64_t bad = kernels.forward(in, y);
  check<IndexError>(bad < 0, "one_hot: index {} is out of range for num_classes {}", bad < 0 ? 0 : index_at(in, bad),
                    num_classes);
  return y;
}

}  // namespace tilestack
