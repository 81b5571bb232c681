#include "cuda/formula.cuh"
#include "ops/leaky_relu/formula.h"
#include "ops/leaky_relu/leaky_relu.h"

namespace tilestack::cuda {
const ParametricKernels leaky_relu = parametric_kernels<LeakyRelu>;
TILESTACK_CUDA_TABLE(leaky_relu)
}  // namespace tilestack::cuda
