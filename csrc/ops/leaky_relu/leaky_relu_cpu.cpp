#include "core/formula.h"
#include "ops/leaky_relu/formula.h"
#include "ops/leaky_relu/leaky_relu.h"

namespace tilestack::TILESTACK_ISA {
constinit const ParametricKernels leaky_relu = parametric_kernels<LeakyRelu>;
}  // namespace tilestack::TILESTACK_ISA
