#include "core/formula.h"
#include "core/vec_libm.h"
#include "ops/sinh/formula.h"
#include "ops/sinh/sinh.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels sinh = unary_kernels<Sinh>;
}  // namespace tilestack::TILESTACK_ISA
