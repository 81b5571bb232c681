#pragma once
#include <optional>

#include "core/kernels.h"

namespace tilestack {

// int64 positions of the first smallest x along dim, without dim in the flattened x; a NaN wins. Runs on the kernels of
// ops/argmax.
Tensor argmin(const Tensor& x, std::optional<std::int64_t> dim, bool keepdim);

}  // namespace tilestack
