#include "core/formula.h"
#include "core/vec_libm.h"
#include "ops/acos/acos.h"
#include "ops/acos/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels acos = unary_kernels<Acos>;
}  // namespace tilestack::TILESTACK_ISA
