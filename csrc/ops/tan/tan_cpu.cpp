#include "core/formula.h"
#include "ops/tan/formula.h"
#include "ops/tan/tan.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels tan = unary_kernels<Tan>;
}  // namespace tilestack::TILESTACK_ISA
