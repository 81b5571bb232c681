#pragma once
#include <optional>

#include "core/kernels.h"

namespace tilestack {

class Dims;

// The smallest x over dim (none: all); a NaN wins. The gradient is shared equally among ties. Runs on the kernels of
// ops/amax.
Tensor amin(const Tensor& x, const std::optional<Dims>& dim, bool keepdim);

}  // namespace tilestack
