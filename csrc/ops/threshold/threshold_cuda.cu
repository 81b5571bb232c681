#include "cuda/formula.cuh"
#include "ops/threshold/formula.h"
#include "ops/threshold/threshold.h"

namespace tilestack::cuda {
const ParametricKernels threshold = parametric_kernels<Threshold>;
TILESTACK_CUDA_TABLE(threshold)
}  // namespace tilestack::cuda
