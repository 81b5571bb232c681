#include "cuda/formula.cuh"
#include "ops/softplus/formula.h"
#include "ops/softplus/softplus.h"

namespace tilestack::cuda {
const ParametricKernels softplus = parametric_kernels<Softplus>;
TILESTACK_CUDA_TABLE(softplus)
}  // namespace tilestack::cuda
