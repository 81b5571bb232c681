#pragma once
#include "core/kernels.h"
#include "core/philox.h"

namespace tilestack {

// y = 0 with probability p, else x / (1 - p) (Srivastava et al., 2014); plus the residual if there is one.
// x, residual, y, dy, dx: n elements of one float dtype in the same order; residual may be null   Element i is dropped
// if half-word i of the stream (low halves first) is below 65536 p.
// kept: a bit for each element, the lowest first, that backward takes from forward; null where none are wanted, and on
// GPUs, which draw again.
struct DropoutKernels {
  void (*forward)(const void* x, const void* residual, void* y, std::uint64_t* kept, DType dtype, std::int64_t n,
                  Philox stream, double p);
  void (*backward)(const void* dy, void* dx, const std::uint64_t* kept, DType dtype, std::int64_t n, Philox stream,
                   double p);
};
TILESTACK_KERNELS(DropoutKernels, dropout)

// x itself unless training, plus the residual if there is one: in the same pass if it has x's shape and dtype. p in
// [0, 1].
Tensor dropout(const Tensor& x, double p, bool training, const Tensor& residual);

}  // namespace tilestack
