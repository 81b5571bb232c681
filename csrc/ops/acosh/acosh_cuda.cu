#include "cuda/formula.cuh"
#include "ops/acosh/acosh.h"
#include "ops/acosh/formula.h"

namespace tilestack::cuda {
const UnaryKernels acosh = unary_kernels<Acosh>;
TILESTACK_CUDA_TABLE(acosh)
}  // namespace tilestack::cuda
