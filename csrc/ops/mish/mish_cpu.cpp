#include "core/formula.h"
#include "ops/mish/formula.h"
#include "ops/mish/mish.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels mish = unary_kernels<Mish>;
}  // namespace tilestack::TILESTACK_ISA
