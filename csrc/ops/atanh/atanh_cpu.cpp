#include "core/formula.h"
#include "core/vec_libm.h"
#include "ops/atanh/atanh.h"
#include "ops/atanh/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels atanh = unary_kernels<Atanh>;
}  // namespace tilestack::TILESTACK_ISA
