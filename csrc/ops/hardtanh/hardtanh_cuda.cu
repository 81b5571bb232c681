#include "cuda/formula.cuh"
#include "ops/hardtanh/formula.h"
#include "ops/hardtanh/hardtanh.h"

namespace tilestack::cuda {
const ParametricKernels hardtanh = parametric_kernels<Hardtanh>;
TILESTACK_CUDA_TABLE(hardtanh)
}  // namespace tilestack::cuda
