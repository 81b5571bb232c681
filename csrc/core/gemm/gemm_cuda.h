#pragma once
// Products on GPUs, as matmul, linear and conv2d call them: in batches, and of integers too.
#include "core/gemm/gemm.h"

namespace tilestack::cuda {

// One product for each index of some dimensions. From one to the next the operands and C (and pre) move by these
// strides, in elements; the bias moves by `bias` from each product to the next in their order.
struct GemmBatch {
  int dims = 0;
  std::int64_t shape[kMaxDims] = {}, a[kMaxDims] = {}, b[kMaxDims] = {}, c[kMaxDims] = {};
  std::int64_t bias = 0;

  std::int64_t count() const {
    std::int64_t n = 1;
    for (int d = 0; d < dims; ++d) n *= shape[d];
    return n;
  }
};

// Operands and C may also be of one integer dtype; these wrap.
void run_gemm(const Gemm& product, const GemmBatch& batch = {});

// dz = dy * slope(saved) and db = the sums of dz's columns in order.   dy, saved, dz: (rows, cols)   db: (cols)
// Without an activation dz is dy and not written; db may be null.
void bias_and_slope(Activation activation, DType dtype, const void* dy, const void* saved, void* dz, void* db,
                    std::int64_t rows, std::int64_t cols);

}  // namespace tilestack::cuda
