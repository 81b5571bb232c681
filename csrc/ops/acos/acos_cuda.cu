#include "cuda/formula.cuh"
#include "ops/acos/acos.h"
#include "ops/acos/formula.h"

namespace tilestack::cuda {
const UnaryKernels acos = unary_kernels<Acos>;
TILESTACK_CUDA_TABLE(acos)
}  // namespace tilestack::cuda
