#pragma once
#include "core/kernels.h"

namespace tilestack {

struct Scalar;

// All elements of `to` = value, by copy's kernel. Not recorded, versions not counted.
void fill_into(const Tensor& to, const Scalar& value);
// As an op of the user's: checks, counts the write, returns `to`.
Tensor fill_(const Tensor& to, const Scalar& value);

}  // namespace tilestack
