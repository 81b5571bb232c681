#pragma once
#include "core/loss.h"

namespace tilestack {

// Of each row of logits x, with p = softmax(x), l = log(sum(exp(x))), weights w (1 without) and label smoothing e:
//   class t:          (1 - e) w[t] (l - x[t]) + e / C sum_c w[c] (l - x[c])
//   probabilities q:  sum_c w[c] q'[c] (l - x[c]) with q' = (1 - e) q + e / C
// y = these losses (none), their sum, or their sum / total.
//   x: (rows, C), contiguous, float
//   target: (rows), int64 or int32, or (rows, C) of x's dtype
//   weight: (C) of x's dtype, or undefined
//   l: (rows, 2), the largest x and l less that, float32 (float64 for float64)
//   total: (), the dtype of l: w[t] summed over rows that count; for probabilities the number of rows
//   y: (rows) or (), x's dtype
// forward returns the first row whose class is neither in [0, C) nor ignore_index, and computes nothing then; else -1.
// backward: dx = dy of the row * (p sum(w q') - w q'), for a class with q = one-hot; 0 in ignored rows. It overwrites
// dx.
struct CrossEntropyKernels {
  std::int64_t (*forward)(View x, View target, View weight, View l, View total, View y, ClassLossOptions options);
  void (*backward)(View x, View target, View weight, View l, View total, View dy, View dx, ClassLossOptions options);
};
TILESTACK_KERNELS(CrossEntropyKernels, cross_entropy)

// x: (C), (N, C) or (N, C, ...); target: class indices of x's shape without C, or probabilities of x's shape.
Tensor cross_entropy(const Tensor& x, const Tensor& target, const Tensor& weight, ClassLossOptions options);

}  // namespace tilestack
