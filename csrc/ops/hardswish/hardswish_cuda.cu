#include "cuda/formula.cuh"
#include "ops/hardswish/formula.h"
#include "ops/hardswish/hardswish.h"

namespace tilestack::cuda {
const UnaryKernels hardswish = unary_kernels<Hardswish>;
TILESTACK_CUDA_TABLE(hardswish)
}  // namespace tilestack::cuda
