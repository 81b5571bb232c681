#include "ops/matmul/matmul.h"

#include "core/gemm/gemm_cuda.h"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

// The leading dimensions of views of one shape, merged where all continue across them.
GemmBatch batch_of(const View& a, const View& b, const View& y) {
  GemmBatch batch;
  for (int d = 0; d + 2 < y.ndim; ++d) {
    const std::int64_t size = y.shape[d];
    if (size == 1) continue;
    const int last = batch.dims - 1;
    if (last >= 0 && batch.a[last] == size * a.strides[d] && batch.b[last] == size * b.strides[d] &&
        batch.c[last] == size * y.strides[d]) {
      batch.shape[last] *= size;
    } else {
      batch.shape[batch.dims++] = size;
    }
    const int at = batch.dims - 1;
    batch.a[at] = a.strides[d];
    batch.b[at] = b.strides[d];
    batch.c[at] = y.strides[d];
  }
  return batch;
}

void forward(View a, View b, View y) {
  run_gemm({.m = y.size(-2),
            .n = y.size(-1),
            .k = a.size(-1),
            .a = {.data = a.pointer, .dtype = a.dtype, .row_stride = a.stride(-2), .depth_stride = a.stride(-1)},
            .b = {.data = b.pointer, .dtype = b.dtype, .row_stride = b.stride(-1), .depth_stride = b.stride(-2)},
            .c = {.data = y.pointer, .dtype = y.dtype, .row_stride = y.size(-1)}},
           batch_of(a, b, y));
}

}  // namespace
const MatmulKernels matmul = {forward};
TILESTACK_CUDA_TABLE(matmul)
}  // namespace tilestack::cuda
