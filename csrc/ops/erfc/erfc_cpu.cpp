#include "core/formula.h"
#include "core/vec_libm.h"
#include "ops/erfc/erfc.h"
#include "ops/erfc/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels erfc = unary_kernels<Erfc>;
}  // namespace tilestack::TILESTACK_ISA
