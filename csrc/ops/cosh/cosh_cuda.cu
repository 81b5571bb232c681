#include "cuda/formula.cuh"
#include "ops/cosh/cosh.h"
#include "ops/cosh/formula.h"

namespace tilestack::cuda {
const UnaryKernels cosh = unary_kernels<Cosh>;
TILESTACK_CUDA_TABLE(cosh)
}  // namespace tilestack::cuda
