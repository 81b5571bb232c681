#include "cuda/formula.cuh"
#include "ops/round/formula.h"
#include "ops/round/round.h"

namespace tilestack::cuda {
const UnaryMap round = unary_map<Round>;
TILESTACK_CUDA_TABLE(round)
}  // namespace tilestack::cuda
