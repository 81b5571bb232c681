#include "core/formula.h"
#include "ops/cos/cos.h"
#include "ops/cos/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels cos = unary_kernels<Cos>;
}  // namespace tilestack::TILESTACK_ISA
