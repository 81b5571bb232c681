#pragma once
// What the ops of losses share.
#include "core/loss.h"
#include "core/op.h"

namespace tilestack {

// Refuses shapes that differ. symmetric: df/dt = -df/dx; without it the target can't have a gradient.
Tensor pointwise_loss(const char* op, const PointwiseLossKernels& (*kernels)(Device), const Tensor& x, const Tensor& t,
                      LossReduction reduction, bool symmetric, double parameter = 0);

// The input (N, C, ...) as contiguous rows of C, one for each target; and the way back.
struct ClassRows {
  Tensor x, target, weight;  // (rows, C)  (rows) or (rows, C)  (C) or undefined
  Dims shape;                // of the target if it holds classes: the input's without C
  ClassRows(const char* op, const Tensor& x, const Tensor& target, const Tensor& weight);
  std::int64_t rows() const { return x.size(0); }
  std::int64_t classes() const { return x.size(1); }
};
Tensor class_rows(const Tensor& x);                           // (N, C, ...) as (rows, C)
Tensor from_class_rows(const Tensor& dx, const Dims& shape);  // and back, a view
// IndexError if `row`, as a kernel reports it, is not -1.
void check_classes(const char* op, const ClassRows& in, std::int64_t row, const ClassLossOptions& options);

}  // namespace tilestack
