#include "core/formula.h"
#include "core/vec_libm.h"
#include "ops/atan/atan.h"
#include "ops/atan/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels atan = unary_kernels<Atan>;
}  // namespace tilestack::TILESTACK_ISA
