#include "cuda/formula.cuh"
#include "ops/mish/formula.h"
#include "ops/mish/mish.h"

namespace tilestack::cuda {
const UnaryKernels mish = unary_kernels<Mish>;
TILESTACK_CUDA_TABLE(mish)
}  // namespace tilestack::cuda
