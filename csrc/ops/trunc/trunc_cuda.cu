#include "cuda/formula.cuh"
#include "ops/trunc/formula.h"
#include "ops/trunc/trunc.h"

namespace tilestack::cuda {
const UnaryMap trunc = unary_map<Trunc>;
TILESTACK_CUDA_TABLE(trunc)
}  // namespace tilestack::cuda
