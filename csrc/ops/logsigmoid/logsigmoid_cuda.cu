#include "cuda/formula.cuh"
#include "ops/logsigmoid/formula.h"
#include "ops/logsigmoid/logsigmoid.h"

namespace tilestack::cuda {
const UnaryKernels logsigmoid = unary_kernels<LogSigmoid>;
TILESTACK_CUDA_TABLE(logsigmoid)
}  // namespace tilestack::cuda
