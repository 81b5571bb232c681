#include "core/formula.h"
#include "ops/hardswish/formula.h"
#include "ops/hardswish/hardswish.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels hardswish = unary_kernels<Hardswish>;
}  // namespace tilestack::TILESTACK_ISA
