#include "core/formula.h"
#include "ops/erf/erf.h"
#include "ops/erf/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels erf = unary_kernels<Erf>;
}  // namespace tilestack::TILESTACK_ISA
