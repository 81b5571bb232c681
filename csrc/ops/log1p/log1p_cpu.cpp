#include "core/formula.h"
#include "ops/log1p/formula.h"
#include "ops/log1p/log1p.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels log1p = unary_kernels<Log1p>;
}  // namespace tilestack::TILESTACK_ISA
