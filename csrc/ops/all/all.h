#pragma once
#include <optional>

#include "core/kernels.h"

namespace tilestack {

class Dims;

// Whether every x over dim (none: all) is not zero; of nothing: True. Runs on the kernels of ops/any.
Tensor all(const Tensor& x, const std::optional<Dims>& dim, bool keepdim);

}  // namespace tilestack
