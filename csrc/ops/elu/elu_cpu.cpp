#include "core/formula.h"
#include "ops/elu/elu.h"
#include "ops/elu/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const ParametricKernels elu = parametric_kernels<Elu>;
}  // namespace tilestack::TILESTACK_ISA
