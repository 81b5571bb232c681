#include "cuda/formula.cuh"
#include "ops/elu/elu.h"
#include "ops/elu/formula.h"

namespace tilestack::cuda {
const ParametricKernels elu = parametric_kernels<Elu>;
TILESTACK_CUDA_TABLE(elu)
}  // namespace tilestack::cuda
