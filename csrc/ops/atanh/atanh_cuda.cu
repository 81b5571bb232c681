#include "cuda/formula.cuh"
#include "ops/atanh/atanh.h"
#include "ops/atanh/formula.h"

namespace tilestack::cuda {
const UnaryKernels atanh = unary_kernels<Atanh>;
TILESTACK_CUDA_TABLE(atanh)
}  // namespace tilestack::cuda
