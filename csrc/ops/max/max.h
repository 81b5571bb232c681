#pragma once
#include <utility>

#include "core/kernels.h"

namespace tilestack {

// The largest x of all; the gradient is shared equally among ties. Runs on the kernels of ops/amax.
Tensor max(const Tensor& x);
// The largest along dim and its first position, int64; the gradient goes to that position. Runs on the kernels of
// ops/argmax.
std::pair<Tensor, Tensor> max(const Tensor& x, std::int64_t dim, bool keepdim);

}  // namespace tilestack
