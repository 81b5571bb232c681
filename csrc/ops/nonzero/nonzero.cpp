#include "ops/nonzero/nonzero.h"

#include "core/op.h"
#include "ops/index/index.h"

namespace tilestack {

Tensor nonzero_matrix(const Tensor& x) {
  const Tensor in = as_contiguous(x);
  const NonzeroKernels& kernels = nonzero_on(in.device());
  const Tensor before = empty({(in.numel() + kNonzeroChunk - 1) / kNonzeroChunk}, DType::int64, x.device());
  const Tensor y = empty({kernels.count(in, before), x.dim()}, DType::int64, x.device());
  kernels.forward(in, before, y);
  return y;
}

std::vector<Tensor> nonzero(const Tensor& mask) {
  const Tensor matrix = nonzero_matrix(mask);
  const std::int64_t count = matrix.size(0), ndim = matrix.size(1);
  std::vector<Tensor> columns;
  for (std::int64_t i = 0; i < ndim; ++i) columns.push_back(view_of(matrix, {count}, {ndim}, i));
  return columns;
}

}  // namespace tilestack
