#include "cuda/formula.cuh"
#include "ops/tan/formula.h"
#include "ops/tan/tan.h"

namespace tilestack::cuda {
const UnaryKernels tan = unary_kernels<Tan>;
TILESTACK_CUDA_TABLE(tan)
}  // namespace tilestack::cuda
