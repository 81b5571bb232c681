#include "cuda/formula.cuh"
#include "ops/ceil/ceil.h"
#include "ops/ceil/formula.h"

namespace tilestack::cuda {
const UnaryMap ceil = unary_map<Ceil>;
TILESTACK_CUDA_TABLE(ceil)
}  // namespace tilestack::cuda
