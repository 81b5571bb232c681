#include "core/formula.h"
#include "ops/expm1/expm1.h"
#include "ops/expm1/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels expm1 = unary_kernels<Expm1>;
}  // namespace tilestack::TILESTACK_ISA
