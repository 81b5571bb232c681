#include "cuda/formula.cuh"
#include "ops/erf/erf.h"
#include "ops/erf/formula.h"

namespace tilestack::cuda {
const UnaryKernels erf = unary_kernels<Erf>;
TILESTACK_CUDA_TABLE(erf)
}  // namespace tilestack::cuda
