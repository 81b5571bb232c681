#include "core/formula.h"
#include "core/vec_libm.h"
#include "ops/cosh/cosh.h"
#include "ops/cosh/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels cosh = unary_kernels<Cosh>;
}  // namespace tilestack::TILESTACK_ISA
