#pragma once
// The kinds of kernels that products run on.
#include "core/gemm/gemm_cuda.h"

namespace tilestack::cuda {

// A product whose operands kernels can load. They may have more rows and depth than it needs, if those are zeros.
struct Prepared {
  Gemm product;
  GemmBatch batch;
  std::int64_t a_rows, a_depth, b_rows, b_depth;

  Prepared(const Gemm& g, const GemmBatch& batch)
      : product(g), batch(batch), a_rows(g.m), a_depth(g.k), b_rows(g.n), b_depth(g.k) {}
};

// The kernel's tile, how its depth is sliced, and an estimate of its time.
struct Plan {
  int tile = 0;
  std::int64_t slices = 1, slice_depth = 0;
  double cycles = 1e300;
};

void run_simt(const Prepared& x);  // operands of one dtype
void run_tf32(const Prepared& x);  // of float32
// Operands of one 16-bit float dtype, in 16-byte vectors.
Plan plan_mma(const Prepared& x);
void run_mma(const Prepared& x, const Plan& plan);
bool fits_wgmma(const Prepared& x);
Plan plan_wgmma(const Prepared& x);
void run_wgmma(const Prepared& x, const Plan& plan);

bool a_in_vectors(const Prepared& x);
bool b_in_vectors(const Prepared& x);

// Dense copies of an operand for all products of the batch, as `dtype`, in 16-byte vectors: memory to be held until the
// product is launched. They replace A or B of x.
std::int64_t copy_bytes(const Prepared& x, bool is_a, DType dtype);
void copy_operand(Prepared& x, bool is_a, DType dtype, void* memory);

}  // namespace tilestack::cuda
