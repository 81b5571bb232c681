#include "cuda/formula.cuh"
#include "ops/hardsigmoid/formula.h"
#include "ops/hardsigmoid/hardsigmoid.h"

namespace tilestack::cuda {
const UnaryKernels hardsigmoid = unary_kernels<Hardsigmoid>;
TILESTACK_CUDA_TABLE(hardsigmoid)
}  // namespace tilestack::cuda
