#pragma once
#include <optional>

#include "core/kernels.h"

namespace tilestack {

struct Scalar;
struct Operand;

// y = min(max(x, low), high); NaN stays NaN.   x: any shape, any number   low, high: numbers, as views
// dx = dy where low <= x <= high, else 0
struct ClampKernels {
  void (*forward)(View x, View low, View high, View y);
  void (*backward)(View x, View low, View high, View dy, View dx);
};
TILESTACK_KERNELS(ClampKernels, clamp)

// Without a bound, that side is open; one must be given.
Tensor clamp(const Tensor& x, const std::optional<Scalar>& min, const std::optional<Scalar>& max);
Tensor clamp_(const Tensor& x, const std::optional<Scalar>& min, const std::optional<Scalar>& max);

// Bounds that are tensors broadcast with x, and NaN among them is a result.
Tensor clamp_between(const Tensor& x, const std::optional<Operand>& min, const std::optional<Operand>& max);

}  // namespace tilestack
