#include "core/formula.h"
#include "ops/exp2/exp2.h"
#include "ops/exp2/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels exp2 = unary_kernels<Exp2>;
}  // namespace tilestack::TILESTACK_ISA
