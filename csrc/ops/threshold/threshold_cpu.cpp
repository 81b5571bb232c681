#include "core/formula.h"
#include "ops/threshold/formula.h"
#include "ops/threshold/threshold.h"

namespace tilestack::TILESTACK_ISA {
constinit const ParametricKernels threshold = parametric_kernels<Threshold>;
}  // namespace tilestack::TILESTACK_ISA
