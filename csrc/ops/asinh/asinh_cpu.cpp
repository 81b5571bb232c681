#include "core/formula.h"
#include "core/vec_libm.h"
#include "ops/asinh/asinh.h"
#include "ops/asinh/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels asinh = unary_kernels<Asinh>;
}  // namespace tilestack::TILESTACK_ISA
