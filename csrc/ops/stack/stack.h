#pragma once
#include <cstdint>
#include <vector>

namespace tilestack {

class Tensor;

// Tensors of one shape side by side along a new dimension dim: cat of what unsqueeze makes of them.
Tensor stack(const std::vector<Tensor>& tensors, std::int64_t dim);

}  // namespace tilestack
