#include "ops/rmsprop/rmsprop.h"

#include "cuda/update_each.cuh"
#include "ops/rmsprop/formula.h"

namespace tilestack::cuda {
const UpdateKernels<RmspropOptions> rmsprop = {step};
TILESTACK_CUDA_TABLE(rmsprop)
}  // namespace tilestack::cuda
