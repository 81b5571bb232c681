#include "core/formula.h"
#include "ops/hardsigmoid/formula.h"
#include "ops/hardsigmoid/hardsigmoid.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels hardsigmoid = unary_kernels<Hardsigmoid>;
}  // namespace tilestack::TILESTACK_ISA
