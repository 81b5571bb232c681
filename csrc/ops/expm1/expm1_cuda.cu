#include "cuda/formula.cuh"
#include "ops/expm1/expm1.h"
#include "ops/expm1/formula.h"

namespace tilestack::cuda {
const UnaryKernels expm1 = unary_kernels<Expm1>;
TILESTACK_CUDA_TABLE(expm1)
}  // namespace tilestack::cuda
