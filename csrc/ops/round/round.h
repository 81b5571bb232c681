#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = the nearest integer, of two the even one.   x: any shape, any number; integers are themselves   dx = 0
TILESTACK_KERNELS(UnaryMap, round)

Tensor round(const Tensor& x);
// To so many decimal digits, negative ones before the point.
Tensor round(const Tensor& x, std::int64_t decimals);

}  // namespace tilestack
