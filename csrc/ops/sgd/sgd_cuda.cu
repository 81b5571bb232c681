#include "ops/sgd/sgd.h"

#include "cuda/update_each.cuh"
#include "ops/sgd/formula.h"

namespace tilestack::cuda {
const UpdateKernels<SgdOptions> sgd = {step};
TILESTACK_CUDA_TABLE(sgd)
}  // namespace tilestack::cuda
