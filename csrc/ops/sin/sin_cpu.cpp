#include "core/formula.h"
#include "ops/sin/formula.h"
#include "ops/sin/sin.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels sin = unary_kernels<Sin>;
}  // namespace tilestack::TILESTACK_ISA
