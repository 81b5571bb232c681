#include "ops/adagrad/adagrad.h"

#include "cuda/update_each.cuh"
#include "ops/adagrad/formula.h"

namespace tilestack::cuda {
const UpdateKernels<AdagradOptions> adagrad = {step};
TILESTACK_CUDA_TABLE(adagrad)
}  // namespace tilestack::cuda
