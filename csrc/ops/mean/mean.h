#pragma once
#include <optional>

#include "core/kernels.h"

namespace tilestack {

class Dims;

// The mean over dim (none: all) in x's dtype, or in dtype; float. The mean of nothing is NaN. Runs on the kernels of
// ops/sum with scale 1 / count.
Tensor mean(const Tensor& x, const std::optional<Dims>& dim, bool keepdim, std::optional<DType> dtype);

}  // namespace tilestack
