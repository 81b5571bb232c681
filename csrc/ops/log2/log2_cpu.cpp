#include "core/formula.h"
#include "ops/log2/formula.h"
#include "ops/log2/log2.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels log2 = unary_kernels<Log2>;
}  // namespace tilestack::TILESTACK_ISA
