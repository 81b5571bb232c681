#include "core/formula.h"
#include "ops/log10/formula.h"
#include "ops/log10/log10.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels log10 = unary_kernels<Log10>;
}  // namespace tilestack::TILESTACK_ISA
