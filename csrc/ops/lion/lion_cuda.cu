#include "ops/lion/lion.h"

#include "cuda/update_each.cuh"
#include "ops/lion/formula.h"

namespace tilestack::cuda {
const UpdateKernels<LionOptions> lion = {step};
TILESTACK_CUDA_TABLE(lion)
}  // namespace tilestack::cuda
