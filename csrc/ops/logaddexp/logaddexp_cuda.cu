#include "cuda/formula.cuh"
#include "ops/logaddexp/formula.h"
#include "ops/logaddexp/logaddexp.h"

namespace tilestack::cuda {
const BinaryKernels logaddexp = binary_kernels<LogAddExp>;
TILESTACK_CUDA_TABLE(logaddexp)
}  // namespace tilestack::cuda
