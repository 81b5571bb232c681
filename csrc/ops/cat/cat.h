#pragma once
#include <cstdint>
#include <vector>

namespace tilestack {

class Tensor;

// The tensors one after another along dim; their other sizes must agree. Dtypes promote. The result is channels-last if
// all tensors are. By copy's kernel; the gradients are slices of dy.
Tensor cat(const std::vector<Tensor>& tensors, std::int64_t dim);

}  // namespace tilestack
