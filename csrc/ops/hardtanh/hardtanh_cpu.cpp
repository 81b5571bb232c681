#include "core/formula.h"
#include "ops/hardtanh/formula.h"
#include "ops/hardtanh/hardtanh.h"

namespace tilestack::TILESTACK_ISA {
constinit const ParametricKernels hardtanh = parametric_kernels<Hardtanh>;
}  // namespace tilestack::TILESTACK_ISA
