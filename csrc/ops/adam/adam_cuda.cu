#include "ops/adam/adam.h"

#include "cuda/update_each.cuh"
#include "ops/adam/formula.h"

namespace tilestack::cuda {
const UpdateKernels<MomentOptions> adam = {step};
TILESTACK_CUDA_TABLE(adam)
}  // namespace tilestack::cuda
