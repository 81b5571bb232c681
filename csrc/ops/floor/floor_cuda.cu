#include "cuda/formula.cuh"
#include "ops/floor/floor.h"
#include "ops/floor/formula.h"

namespace tilestack::cuda {
const UnaryMap floor = unary_map<Floor>;
TILESTACK_CUDA_TABLE(floor)
}  // namespace tilestack::cuda
