#include "core/formula.h"
#include "ops/softplus/formula.h"
#include "ops/softplus/softplus.h"

namespace tilestack::TILESTACK_ISA {
constinit const ParametricKernels softplus = parametric_kernels<Softplus>;
}  // namespace tilestack::TILESTACK_ISA
