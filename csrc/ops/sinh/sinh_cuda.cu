#include "cuda/formula.cuh"
#include "ops/sinh/formula.h"
#include "ops/sinh/sinh.h"

namespace tilestack::cuda {
const UnaryKernels sinh = unary_kernels<Sinh>;
TILESTACK_CUDA_TABLE(sinh)
}  // namespace tilestack::cuda
