#include "core/formula.h"
#include "ops/softsign/formula.h"
#include "ops/softsign/softsign.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels softsign = unary_kernels<Softsign>;
}  // namespace tilestack::TILESTACK_ISA
