#include "ops/layer_norm/layer_norm.h"

#include "cuda/row_norm.cuh"

namespace tilestack::cuda {
const LayerNormKernels layer_norm = {row_norm_forward<true>, row_norm_backward<true>};
TILESTACK_CUDA_TABLE(layer_norm)
}  // namespace tilestack::cuda
