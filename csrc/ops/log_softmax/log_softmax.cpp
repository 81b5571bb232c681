#include "ops/log_softmax/log_softmax.h"

#include "core/op.h"

namespace tilestack {

Tensor log_softmax(const Tensor& x, std::int64_t dim, std::optional<DType> dtype) {
  return along_dim("log_softmax", log_softmax_on, x, dim, dtype);
}

}  // namespace tilestack
